import { parseEnv } from "../parse-env.ts";
import { formatProblem } from "../problem.ts";

export const parse = (text: string | Uint8Array) =>
  parseEnv(typeof text === "string" ? Buffer.from(text) : text, { file: "env.yml" });

export const problemsOf = (text: string | Uint8Array): string[] => parse(text).problems.map(formatProblem);

/** An env.yml with these lines below `appliance`, the first of them in line 4. */
export const appliance = (...lines: string[]): string =>
  ["#cloud-config", "appliance:", "  domain: ecs.example", ...lines.map((line) => `  ${line}`), ""].join("\n");
