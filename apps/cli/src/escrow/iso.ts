import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "@appliance/command";
import { readExtracted } from "./extracted.ts";
import { unreadable } from "./failures.ts";
import type { Toolbox } from "./toolbox.ts";

const USER_DATA = "user-data";
/** ECMA-119: the volume descriptor stands in the 16th sector, and says in how many sectors the volume is. */
const SECTOR = 2048;
const DESCRIPTOR = 16 * SECTOR;
const MAGIC = { at: DESCRIPTOR + 1, text: "CD001" };
const SECTORS_AT = DESCRIPTOR + 80;

export interface SeedFiles {
  userData: Uint8Array;
  metaData: Uint8Array;
  /** What cloud-init does at the first boot beside what env.yml says, such as installing the appliance. */
  vendorData?: Uint8Array | undefined;
  paper: Uint8Array;
}

/** The image that cloud-init and the appliance find by its label `cidata`. It carries checksums, which reading it asks for. */
export async function makeSeedIso(files: SeedFiles, folder: string, run: Toolbox): Promise<Buffer> {
  const [root, image] = [join(folder, "iso"), join(folder, "seed.iso")];
  await mkdir(root);
  const write = (name: string, data: Uint8Array) => writeFile(join(root, name), data, { mode: 0o600 });
  await write(USER_DATA, files.userData);
  await write("meta-data", files.metaData);
  if (files.vendorData) await write("vendor-data", files.vendorData);
  await write("env.yml.pdf", files.paper);
  const owner = ["-uid", "0", "-gid", "0"];
  await run("xorriso", ["-as", "mkisofs", "-quiet", "-V", "cidata", "-J", "-R", "--md5", ...owner, "-o", image, root]);
  return await readFile(image);
}

export function isIso(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(MAGIC.at, MAGIC.at + MAGIC.text.length)).toString("latin1") === MAGIC.text;
}

/** The file `user-data` of an image. @throws OperatorError `SOURCE_UNREADABLE`: cut off, damaged, or without that file */
export async function readSeedIso(name: string, bytes: Uint8Array, folder: string, run: Toolbox): Promise<Buffer> {
  const announced = Buffer.from(bytes).readUInt32LE(SECTORS_AT) * SECTOR;
  if (bytes.length < announced) throw truncated(name, announced, bytes.length);
  const [image, file] = [join(folder, "source.iso"), join(folder, USER_DATA)];
  await writeFile(image, bytes, { mode: 0o600 });
  const open = ["-no_rc", "-md5", "on", "-report_about", "WARNING", "-indev", `stdio:${image}`];
  const check = ["-check_md5", "FAILURE", `/${USER_DATA}`, "--"];
  try {
    await run("xorriso", [...open, ...check, "-osirrox", "on", "-extract", `/${USER_DATA}`, file]);
  } catch (cause) {
    if (cause instanceof CommandError && cause.code === "COMMAND_FAILED") throw refused(name, cause);
    throw cause;
  }
  return await readExtracted(`The ${USER_DATA} in ${name}`, file);
}

function truncated(name: string, announced: number, found: number) {
  return unreadable(`${name} is cut off: the image says it has ${announced} bytes, ${found} are there.`, {
    remedy: "Copy the image again; until then nothing of it can be trusted.",
  });
}

function refused(name: string, cause: CommandError) {
  const damaged = cause.stderrTail.includes("MD5 comparison mismatch");
  const why = damaged
    ? `the ${USER_DATA} in it is not what its checksum says`
    : `it has no ${USER_DATA} that can be read`;
  return unreadable(`${name} cannot be used: ${why}.`, { cause });
}
