import { lstat } from "node:fs/promises";
import { isSystemError, OperatorError } from "@appliance/errors";

/**
 * Stands between a command and an env.yml that is there. A plain file may be replaced with `force`, anything else never: what
 * a symlink leads to is another file than the one that was named.
 * @throws OperatorError `FILE_EXISTS`
 */
export async function refuseToReplace(file: string, force: boolean): Promise<void> {
  const there = await lstat(file).catch((err: unknown) => {
    if (isSystemError(err, "ENOENT", "ENOTDIR")) return undefined; // what is wrong with the folder, the write says
    throw err;
  });
  if (!there || (force && there.isFile())) return;
  if (!there.isFile())
    throw new OperatorError("FILE_EXISTS", `${file} is ${there.isSymbolicLink() ? "a symlink" : "no plain file"}.`, {
      remedy: "Name the file itself, or another one. Nothing was written.",
    });
  throw new OperatorError("FILE_EXISTS", `${file} is there already, with secrets that a running appliance may need.`, {
    remedy: "Name another file; or, when nobody needs it any more, write over it with --force.",
  });
}
