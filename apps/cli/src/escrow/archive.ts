import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { CommandError } from "@appliance/command";
import { isSystemError } from "@appliance/errors";
import { readExtracted } from "./extracted.ts";
import { unreadable } from "./failures.ts";
import type { Toolbox } from "./toolbox.ts";

const ENV = "env.yml";
/** Of all that is in an archive; a few kilobytes of gzip could fill the memory. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** The files of a folder as a compressed archive. @returns its path in the private folder */
export async function makeArchive(names: readonly string[], folder: string, run: Toolbox): Promise<string> {
  const archive = join(folder, "package.tar.gz");
  const owner = ["--owner=root:0", "--group=root:0", "--mode=0600"];
  await run("tar", ["--create", "--gzip", "--file", archive, "--directory", folder, ...owner, "--", ...names]);
  return archive;
}

/** The env.yml of an archive; no other file of it is unpacked. @throws OperatorError `SOURCE_UNREADABLE` */
export async function readArchive(name: string, bytes: Uint8Array, folder: string, run: Toolbox): Promise<Buffer> {
  const [archive, target] = [join(folder, "source.tar"), join(folder, "unpacked")];
  await writeFile(archive, await decompress(name, bytes), { mode: 0o600 });
  await mkdir(target);
  const safely = ["--no-same-owner", "--no-same-permissions", "--no-wildcards"];
  try {
    await run("tar", ["--extract", "--file", archive, "--directory", target, ...safely, "--", ENV]);
  } catch (cause) {
    if (!(cause instanceof CommandError) || cause.code !== "COMMAND_FAILED") throw cause;
    throw unreadable(`${name} is damaged, or no archive with an ${ENV}.`, { cause });
  }
  return await readExtracted(`The ${ENV} in ${name}`, join(target, ENV));
}

async function decompress(name: string, bytes: Uint8Array): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    const tooLong = isSystemError(cause, "ERR_BUFFER_TOO_LARGE");
    throw unreadable(`${name} is ${tooLong ? "longer than any package when it is unpacked" : "damaged"}.`, { cause });
  }
}
