import { lstat, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "@appliance/command";
import { unreadable } from "./failures.ts";
import type { Toolbox } from "./toolbox.ts";

const ENV = "env.yml";

/** The files of a folder as a compressed archive. @returns its path in the private folder */
export async function makeArchive(names: readonly string[], folder: string, run: Toolbox): Promise<string> {
  const archive = join(folder, "package.tar.gz");
  const owner = ["--owner=root:0", "--group=root:0", "--mode=0600"];
  await run("tar", ["--create", "--gzip", "--file", archive, "--directory", folder, ...owner, "--", ...names]);
  return archive;
}

/** The env.yml of an archive; no other file of it is unpacked. @throws OperatorError `SOURCE_UNREADABLE` */
export async function readArchive(name: string, bytes: Uint8Array, folder: string, run: Toolbox): Promise<Buffer> {
  const [archive, target] = [join(folder, "source.tar.gz"), join(folder, "unpacked")];
  await writeFile(archive, bytes, { mode: 0o600 });
  await mkdir(target);
  const safely = ["--no-same-owner", "--no-same-permissions", "--no-wildcards"];
  try {
    await run("tar", ["--extract", "--gzip", "--file", archive, "--directory", target, ...safely, "--", ENV]);
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.code !== "COMMAND_FAILED") throw cause;
    throw unreadable(`${name} is damaged, or no archive with an ${ENV}.`, { cause });
  }
  // A forged archive could hold a link to another file of this machine.
  if (!(await lstat(join(target, ENV))).isFile()) throw unreadable(`The ${ENV} in ${name} is no file.`);
  return await readFile(join(target, ENV));
}
