import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, OperatorError } from "@appliance/errors";
import { parseYaml, type YamlData } from "@appliance/yaml11";

/** Who signs certificates of users: the application with a CA of its own, or the appliance. */
export type AuthorityOwner = "application" | "appliance";

const KEY = "client-authority";

/** A compose file may share blocks freely, unlike env.yml: it comes from the same source as the application. */
const LIMITS = { aliases: 1000 };

/**
 * What the application group declares in the block x-appliance of its compose file; the appliance where it says nothing. All else in
 * the file is update-agent's to judge.
 * @throws OperatorError `APPLICATION_UNKNOWN` without such a file, `COMPOSE_FILE_INVALID` for one that says something else.
 */
export async function readAuthorityOwner(checkout: string, composeFile: string): Promise<AuthorityOwner> {
  const document = parseYaml(await readComposeFile(join(checkout, composeFile), composeFile), {
    file: composeFile,
    limits: LIMITS,
  });
  const problem = document.problems[0];
  if (problem) throw invalid(composeFile, `line ${problem.line}: ${problem.message}`);
  const owner = memberOf(memberOf(document.data, "x-appliance"), KEY) ?? "appliance";
  if (owner === "application" || owner === "appliance") return owner;
  const { line } = document.positionOf(["x-appliance", KEY]);
  throw invalid(composeFile, `line ${line}: ${KEY} is neither application nor appliance`);
}

function memberOf(data: YamlData | undefined, key: string): YamlData | undefined {
  return isMapping(data) ? data[key] : undefined;
}

function isMapping(data: YamlData | undefined): data is { [key: string]: YamlData } {
  return typeof data === "object" && data !== null && !Array.isArray(data);
}

async function readComposeFile(path: string, name: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (!isSystemError(error, "ENOENT")) throw error;
    throw new OperatorError("APPLICATION_UNKNOWN", `There is no application group ${name} in this checkout`, {
      remedy: "Correct `ecs:git:source` in env.yml (`builtin:sample` always exists), then run `appliance apply`.",
    });
  }
}

function invalid(file: string, problem: string): OperatorError {
  return new OperatorError("COMPOSE_FILE_INVALID", `${file}, ${problem}`, {
    remedy: "Correct the file. Certificates of users are accepted as before until then.",
  });
}
