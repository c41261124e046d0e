import { readFile, stat } from "node:fs/promises";
import { OperatorError, isSystemError } from "@appliance/errors";
import { resolveInRoot } from "@appliance/files";
import type { Look } from "./look.ts";
import { LONGEST, TOO_LONG } from "./user-data.ts";

/** A file of the host. */
export async function lookAtFile(hostRoot: string, path: string): Promise<Look> {
  try {
    const at = await resolveInRoot(hostRoot, path);
    // Reading what is not a file, such as a pipe, might never end.
    const { size, isFile } = await look(at);
    if (!isFile) return { source: path, unusable: unusable(path, "is not a file") };
    if (size > LONGEST) return { source: path, unusable: unusable(path, TOO_LONG) };
    return { source: path, text: await readFile(at) };
  } catch (err) {
    const missing = err instanceof OperatorError && err.code === "PATH_MISSING";
    if (missing || isSystemError(err, "ENOENT")) return { source: path, passedOver: "there is no such file" };
    throw err;
  }
}

async function look(path: string): Promise<{ size: number; isFile: boolean }> {
  const stats = await stat(path);
  return { size: stats.size, isFile: stats.isFile() };
}

function unusable(path: string, why: string): OperatorError {
  return new OperatorError("ENV_FILE_UNUSABLE", `${path} ${why}.`, {
    remedy: `Remove what stands at ${path} and put your env.yml there, or nothing; then run \`appliance apply\`.`,
  });
}
