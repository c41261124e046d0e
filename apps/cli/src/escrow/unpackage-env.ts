import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { Readable } from "node:stream";
import { isSystemError, type OperatorError } from "@appliance/errors";
import { readArchive } from "./archive.ts";
import { unreadable } from "./failures.ts";
import { decrypt, isEncrypted } from "./gpg-decrypt.ts";
import { isIso, readSeedIso } from "./iso.ts";
import { renderPages, type PageImage } from "./pdf-pages.ts";
import { withPrivateFolder } from "./private-folder.ts";
import { chooseFile } from "./choose-file.ts";
import { createCodeReader } from "./read-codes.ts";
import { collect } from "./scan.ts";
import { createToolbox, type Toolbox } from "./toolbox.ts";

export interface UnpackageOrder {
  /** A file of any kind that `packageEnv` makes, an image of pages, or a folder of such images. */
  source: string;
  /** Instead of the source's content: standard input. */
  content?: Readable;
  /** Which file, when the pages of several are among the source: the eight digits at the foot of each page. */
  id?: string;
  /** Where programs run that are missing here. */
  toolsImage: string;
  /** Told of each page or image as it was read. */
  onProgress: (line: string) => void;
}

export interface Unpackaged {
  file: Uint8Array;
  /** What is worth knowing although it went well: codes that were made again, pages of another file. */
  notes: string[];
}

/** Far above any package, and below what would fill the memory. */
const MAX_MIB = 256;
const UNREADABLE = ["ENOENT", "ENOTDIR", "EACCES", "ELOOP", "ENAMETOOLONG"];
const IMAGE_NAME = /\.(png|jpe?g)$/i;

interface Desk {
  order: UnpackageOrder;
  folder: string;
  run: Toolbox;
  signal: AbortSignal;
}

/**
 * Gives back the file of a package, byte for byte.
 * @throws OperatorError `SOURCE_UNREADABLE`, `CODES_MISSING`, `SEVERAL_FILES`, `GPG_MISSING`, `PROGRAM_MISSING`, `INTERRUPTED`
 */
export async function unpackageEnv(order: UnpackageOrder): Promise<Unpackaged> {
  return await withPrivateFolder(async (folder, signal) => {
    const desk = { order, folder, run: createToolbox(folder, order.toolsImage, signal), signal };
    const { content, source } = order;
    if (!content && (await isFolder(source))) return await readPages(imagesOf(source, signal), desk);
    const bytes = await (content ? readAll(source, content) : readFileOf(source, signal));
    return await readSource(basename(source), bytes, desk);
  });
}

async function isFolder(source: string): Promise<boolean> {
  try {
    return (await stat(source)).isDirectory();
  } catch (cause) {
    throw isSystemError(cause, ...UNREADABLE) ? notReadable(source, cause) : cause;
  }
}

async function readFileOf(path: string, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readAll(path, createReadStream(path, { signal }));
  } catch (cause) {
    throw isSystemError(cause, ...UNREADABLE) ? notReadable(path, cause) : cause;
  }
}

/** The length is not asked for beforehand: pipes and devices have none. */
async function readAll(name: string, stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MAX_MIB * 1024 * 1024)
      throw unreadable(`${name} has more than ${MAX_MIB} MiB, more than any package.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function notReadable(path: string, cause: NodeJS.ErrnoException): OperatorError {
  return unreadable(`${path} cannot be read (${cause.code}).`, {
    remedy: "Name a file or folder that you may read.",
    cause,
  });
}

/** What a file is, its first bytes say: names get lost when files are copied about. */
async function readSource(name: string, bytes: Uint8Array, desk: Desk): Promise<Unpackaged> {
  const { folder, run, signal } = desk;
  const begins = (...start: number[]) => start.every((byte, at) => bytes[at] === byte);
  if (begins(0x25, 0x50, 0x44, 0x46)) return await readPages(renderPages(name, bytes, folder, run), desk);
  if (begins(0x89, 0x50, 0x4e, 0x47) || begins(0xff, 0xd8, 0xff)) return await readPages([{ name, bytes }], desk);
  if (begins(0x1f, 0x8b)) return { file: await readArchive(name, bytes, folder, run), notes: [] };
  if (isIso(bytes)) return { file: await readSeedIso(name, bytes, folder, run), notes: [] };
  if (isEncrypted(bytes)) return await readSource(name, await decrypt(name, bytes, folder, signal), desk);
  const cut = /\.iso$/i.test(name) ? `, or an image of which only ${bytes.length} bytes are there` : "";
  throw unreadable(`${name} is no PDF, PNG, JPEG, ISO image or archive${cut}.`);
}

async function readPages(
  pages: AsyncIterable<PageImage> | Iterable<PageImage>,
  { order, signal }: Desk,
): Promise<Unpackaged> {
  return chooseFile(
    await collect(pages, { read: await createCodeReader(), onProgress: order.onProgress, signal }),
    order.id,
  );
}

/** In the order of their names, which is that of a scanner. */
async function* imagesOf(folder: string, signal: AbortSignal): AsyncGenerator<PageImage> {
  const entries = await readdir(folder, { withFileTypes: true });
  const images = entries.filter((entry) => IMAGE_NAME.test(entry.name) && (entry.isFile() || entry.isSymbolicLink()));
  const names = images.map(({ name }) => name).sort();
  if (names.length === 0) throw unreadable(`${folder} holds no image: no name there ends in .png, .jpg or .jpeg.`);
  for (const name of names) yield { name, bytes: await readFileOf(join(folder, name), signal) };
}
