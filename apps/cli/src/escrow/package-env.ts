import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFileDurable } from "@appliance/files";
import { makeArchive } from "./archive.ts";
import { openKeyRing, type PublicKey } from "./gpg-keys.ts";
import { makeSeedIso } from "./iso.ts";
import { printOnPaper } from "./paper.ts";
import { withPrivateFolder } from "./private-folder.ts";
import { createToolbox, type Toolbox } from "./toolbox.ts";

const PAPER = "env.yml.pdf";
const ISO = "env-cidata.iso";

export interface PackageOrder {
  env: Uint8Array;
  domain: string;
  /** Of the seed image; without it one that names the host. */
  metaData?: Uint8Array;
  /** Of the seed image. */
  vendorData?: Uint8Array;
  /** The name and the text of a gpgkeys.txt. */
  gpgKeys?: { name: string; text: string };
  /** Folder for the results. */
  out: string;
  /** Stands in the name of the encrypted archive. */
  now: Date;
  /** Where programs run that are missing here. */
  toolsImage: string;
}

export interface Package {
  /** Paths of what was written, each mode 0600. */
  paper: string;
  iso: string;
  /** With keys only. */
  encrypted?: { path: string; keys: PublicKey[] };
}

/** What is made, before any of it is written. */
interface Made {
  paper: Buffer;
  iso: Buffer;
  encrypted?: { data: Buffer; keys: PublicKey[] };
}

/**
 * Makes the paper, the seed image and, with keys, the encrypted archive of both and env.yml. Nothing is written before all of it
 * is made; what is needed on the way stands in memory and is gone afterwards.
 * @throws OperatorError `ENV_TOO_LARGE`, `GPG_KEYS_UNUSABLE`, `PROGRAM_MISSING`, `INTERRUPTED`, and those of `writeFileDurable`
 */
export async function packageEnv(order: PackageOrder): Promise<Package> {
  const made = await withPrivateFolder((folder, signal) =>
    make(order, folder, createToolbox(folder, order.toolsImage, signal)),
  );
  const write = async (name: string, data: Buffer) => {
    const path = join(order.out, name);
    await writeFileDurable(path, data, { mode: 0o600 });
    return path;
  };
  const paper = await write(PAPER, made.paper);
  const iso = await write(ISO, made.iso);
  if (!made.encrypted) return { paper, iso };
  const path = await write(`${order.domain}.env.${timeInName(order.now)}.tar.gz.gpg`, made.encrypted.data);
  return { paper, iso, encrypted: { path, keys: made.encrypted.keys } };
}

async function make(
  { env, domain, metaData = defaultMetaData(domain), vendorData, gpgKeys, now }: PackageOrder,
  folder: string,
  run: Toolbox,
): Promise<Made> {
  const ring = gpgKeys && (await openKeyRing(gpgKeys.name, gpgKeys.text, folder, run));
  const paper = await printOnPaper(env, domain, now);
  const iso = await makeSeedIso({ userData: env, metaData, vendorData, paper }, folder, run);
  if (!ring) return { paper, iso };
  const files = { "env.yml": env, [PAPER]: paper, [ISO]: iso };
  for (const [name, data] of Object.entries(files)) await writeFile(join(folder, name), data, { mode: 0o600 });
  const encrypted = await ring.encrypt(await makeArchive(Object.keys(files), folder, run));
  return { paper, iso, encrypted: { data: await readFile(encrypted), keys: ring.keys } };
}

/** `2026-11-22_23.10`, in UTC like every time that the appliance writes. */
function timeInName(now: Date): string {
  return now.toISOString().slice(0, 16).replace("T", "_").replace(":", ".");
}

/** cloud-init takes a host for a new one when the id is another; the appliance is the same for as long as its domain is. */
function defaultMetaData(domain: string): Buffer {
  return Buffer.from(`instance-id: ${domain}\nlocal-hostname: ${domain}\n`);
}
