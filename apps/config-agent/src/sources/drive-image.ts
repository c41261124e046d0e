import { CommandError, type RunCommand } from "@appliance/command";
import { boundedOutput } from "./bounded-output.ts";
import { measureImage, type ImageSize } from "./image-size.ts";
import { TOO_LONG } from "./user-data.ts";

const READ_MS = 30_000;
const MEBIBYTE = 1024 * 1024;

export type ImageType = "iso9660" | "vfat";

/** One file of an image; `why` continues a sentence that begins with the name of the drive. */
export type ImageFile = { bytes: Uint8Array } | { why: string };

/** A program that reads a file system without mounting it: its files one a line, and one of them copied out. */
interface Reader {
  list: (image: string) => readonly [string, ...string[]];
  /** Where the listing has more on a line than the path from the root. */
  toPath: (line: string) => string;
  copy: (image: string, file: string, to: string) => readonly [string, ...string[]];
}

const DEPTH = "3";

/** xorriso(1) takes names of Rock Ridge, else of Joliet, else those of ISO 9660 itself; it quotes them. */
const XORRISO: Reader = {
  list: (image) => ["xorriso", "-no_rc", "-indev", `stdio:${image}`, "-find", "/", "-maxdepth", DEPTH, "-type", "f"],
  toPath: (line) => line.replace(/^'\/?(.*)'$/, "$1"),
  copy: (image, file, to) => [
    "xorriso",
    "-no_rc",
    "-osirrox",
    "on",
    "-indev",
    `stdio:${image}`,
    "-extract",
    `/${file}`,
    to,
  ],
};

/** mtools(1). */
const MTOOLS: Reader = {
  list: (image) => ["mdir", "-/", "-b", "-i", image, "::"],
  toPath: (line) => line.replace(/^::\/?/, ""),
  copy: (image, file, to) => ["mcopy", "-n", "-i", image, `::/${file}`, to],
};

const READERS: Record<ImageType, Reader> = { iso9660: XORRISO, vfat: MTOOLS };

/** Reads `file`, such as `openstack/latest/user_data`, from the image of a drive. */
export async function readFromImage(run: RunCommand, image: string, type: ImageType, file: string): Promise<ImageFile> {
  const damage = whyIncomplete(await measureImage(image, type), type);
  if (damage) return { why: damage };
  const reader = READERS[type];
  try {
    const [program, ...args] = reader.list(image);
    const { stdout } = await run(program, args, { timeoutMs: READ_MS });
    const path = findPath(stdout.split("\n").map(reader.toPath), file);
    return path === undefined ? { why: `has no file ${file}` } : await copyOut(run, reader, image, path);
  } catch (err) {
    if (!(err instanceof CommandError) || err.code === "COMMAND_NOT_FOUND") throw err;
    return { why: `is damaged: ${err.message}` };
  }
}

async function copyOut(run: RunCommand, reader: Reader, image: string, path: string): Promise<ImageFile> {
  const copied = await boundedOutput(run, (to) => reader.copy(image, path, to), { timeoutMs: READ_MS });
  if (copied === "too long") return { why: `has a file ${path} that ${TOO_LONG}` };
  return { bytes: copied.bytes ?? new Uint8Array() };
}

function whyIncomplete({ there, declared }: ImageSize, type: ImageType): string | undefined {
  if (declared === undefined) return `is damaged: no ${type} begins on it`;
  if (declared <= there) return undefined;
  if (there === 64 * MEBIBYTE) return "is larger than 64 MiB";
  return `is cut off: of ${declared} bytes ${there} are there`;
}

/**
 * The path that is `wanted`, whatever became of its name: ISO 9660 alone has only capitals, digits and `_`, in its first level
 * eight of them (`USER_DAT.;1`), and vfat does not tell case.
 */
export function findPath(paths: readonly string[], wanted: string): string | undefined {
  return paths.find((path) => path === wanted) ?? paths.find((path) => isSame(path.split("/"), wanted.split("/")));
}

function isSame(found: readonly string[], wanted: readonly string[]): boolean {
  if (found.length !== wanted.length) return false;
  return found.every((name, i) => [plain(wanted[i]!), plain(wanted[i]!).slice(0, 8)].includes(plain(name)));
}

const plain = (name: string) =>
  name
    .toLowerCase()
    .replace(/\.?(;\d+)?$/, "")
    .replaceAll(/[^a-z0-9.]/g, "_");
