import { readFile, stat } from "node:fs/promises";
import { OperatorError, isSystemError } from "@appliance/errors";
import { resolveInRoot } from "@appliance/files";
import type { Look } from "./look.ts";

/** A file of the host. */
export async function lookAtFile(hostRoot: string, path: string): Promise<Look> {
  try {
    const at = await resolveInRoot(hostRoot, path);
    // Reading what is not a file, such as a pipe, might never end.
    if (!(await stat(at)).isFile()) return { source: path, unusable: notAFile(path) };
    return { source: path, text: await readFile(at) };
  } catch (err) {
    const missing = err instanceof OperatorError && err.code === "PATH_MISSING";
    if (missing || isSystemError(err, "ENOENT")) return { source: path, passedOver: "there is no such file" };
    throw err;
  }
}

function notAFile(path: string): OperatorError {
  return new OperatorError("ENV_FILE_UNUSABLE", `${path} is not a file.`, {
    remedy: `Remove what stands at ${path} and put your env.yml there, or nothing; then run \`appliance apply\`.`,
  });
}
