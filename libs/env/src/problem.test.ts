import { expect, it } from "vitest";
import { parseEnv } from "./parse-env.ts";
import { whyRefused } from "./problem.ts";

it("names the misspelt key beside the one that is missing for it", () => {
  const { problems } = parseEnv(Buffer.from("#cloud-config\nappliance:\n  domian: ecs.example\n"), { file: "env.yml" });
  expect(whyRefused(problems)).toEqual([
    "env.yml:2:1: appliance:domain: is missing",
    "env.yml:3:3: warning: appliance:domian: unknown key, it has no effect, did you mean 'domain'?",
  ]);
});
