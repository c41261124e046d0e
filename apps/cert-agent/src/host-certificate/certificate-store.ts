import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import { ensureDirectory, removeLeftovers, syncFolder, writeFileDurable } from "@appliance/files";
import * as z from "zod";
import { readKeyPair, type KeyPair, type Unfit } from "./key-pair.ts";
import type { Candidate } from "./plan-served.ts";
import { readSmallFile } from "./small-file.ts";

/** What is known of a certificate that was obtained, beside itself. */
export const About = z.object({
  obtainedAt: z.coerce.date(),
  directoryUrl: z.string(),
  names: z.array(z.string()),
  /** When it was first seen in service; null until then. */
  provenAt: z.coerce.date().nullable(),
  /** Why it was not taken into service when that was last tried. */
  refused: z.string().nullable(),
});
export type About = z.infer<typeof About>;

/** A certificate in `host/ID`. */
export interface Stored {
  id: string;
  pair: KeyPair | Unfit;
  /** Undefined where it cannot be read. */
  about: About | undefined;
}

/** The certificates below `/data/etc/certificates`. Nothing that lies there makes a call throw; a write may, as `OperatorError`. */
export interface CertificateStore {
  /** What was obtained, in no order. */
  obtained(): Promise<Stored[]>;
  /** What may be served of all that lies there: obtained ones, and the one from before the appliance. */
  candidates(): Promise<Candidate[]>;
  /** Keeps a certificate durably, whole or not at all. @returns its id */
  add(pair: KeyPair, about: About): Promise<string>;
  mark(id: string, about: About): Promise<void>;
  /** Removes all but the newest few. */
  prune(): Promise<void>;
}

const KEPT = 3;
const PRIVATE_FILE = { mode: 0o600 };
const PRIVATE_FOLDER = { mode: 0o700 };
const ID = /^[0-9]{8}T[0-9]{6}Z-[0-9a-f]{1,40}$/;
const LONG_AGO = new Date(0);

/** @param folder such as `/data/etc/certificates` */
export function createCertificateStore(folder: string): CertificateStore {
  const host = join(folder, "host");
  const obtained = async () => Promise.all((await idsIn(host)).map((id) => readStored(host, id)));
  return {
    obtained,
    async candidates() {
      const before = await readPair(join(folder, "before"), "server.key.pem", "server.cert.pem");
      return [...(await obtained()).map(toCandidate), ...(before ? [fromBefore(before)] : [])];
    },
    async add(pair, about) {
      const id = `${about.obtainedAt.toISOString().replaceAll(/[-:]|\.\d+/g, "")}-${pair.leaf.serialNumber.toLowerCase()}`;
      await ensureDirectory(host, PRIVATE_FOLDER);
      await removeLeftovers(host);
      await writeWhole(host, id, { "key.pem": pair.keyPem, "chain.pem": pair.chainPem, "about.json": toText(about) });
      return id;
    },
    mark: (id, about) => writeFileDurable(join(host, id, "about.json"), toText(about), PRIVATE_FILE),
    async prune() {
      for (const { id } of superfluous(await obtained())) await rm(join(host, id), { recursive: true, force: true });
    },
  };
}

const toText = (about: About): string => `${JSON.stringify(about, undefined, 2)}\n`;

async function idsIn(host: string): Promise<string[]> {
  try {
    return (await readdir(host)).filter((name) => ID.test(name));
  } catch (error) {
    // Whatever else stands there holds no certificate; who writes one is told what is wrong with it.
    if (isSystemError(error, "ENOENT", "ENOTDIR", "EACCES", "EIO")) return [];
    throw error;
  }
}

async function readStored(host: string, id: string): Promise<Stored> {
  const pair = (await readPair(join(host, id), "key.pem", "chain.pem")) ?? { unfit: "its files are missing" };
  return { id, pair, about: await readAbout(join(host, id, "about.json")) };
}

/** Undefined when neither file is there. */
export async function readPair(folder: string, key: string, certificate: string): Promise<KeyPair | Unfit | undefined> {
  const texts = await Promise.all([readSmallFile(join(folder, key)), readSmallFile(join(folder, certificate))]);
  const [keyText, certificateText] = texts;
  if (keyText === undefined && certificateText === undefined) return undefined;
  if (keyText === undefined) return { unfit: "its key is missing" };
  if (certificateText === undefined) return { unfit: "its certificate is missing" };
  if (typeof keyText !== "string") return keyText;
  return typeof certificateText === "string" ? readKeyPair(keyText, certificateText) : certificateText;
}

async function readAbout(path: string): Promise<About | undefined> {
  const text = await readSmallFile(path);
  try {
    return typeof text === "string" ? About.safeParse(JSON.parse(text)).data : undefined;
  } catch {
    return undefined; // a file that is not ours to read costs only what is known beside the certificate
  }
}

function toCandidate({ id, pair, about }: Stored): Candidate {
  const since = about?.obtainedAt ?? beginOf(pair);
  const { provenAt = null, refused = null } = about ?? {};
  return { place: `host/${id}`, source: "acme", pair, since, proven: provenAt !== null, refused };
}

const fromBefore = (pair: KeyPair | Unfit): Candidate => ({
  place: "before/server.cert.pem",
  source: "disk",
  pair,
  since: beginOf(pair),
  proven: true,
  refused: null,
});

const beginOf = (pair: KeyPair | Unfit): Date => ("unfit" in pair ? LONG_AGO : pair.leaf.validFromDate);

async function writeWhole(parent: string, name: string, files: Record<string, string>): Promise<void> {
  // The name with which `removeLeftovers` knows what a killed writer left.
  const temporary = join(parent, `.appliance-new-${name}`);
  try {
    await ensureDirectory(temporary, PRIVATE_FOLDER);
    for (const [file, text] of Object.entries(files)) await writeFileDurable(join(temporary, file), text, PRIVATE_FILE);
    await rename(temporary, join(parent, name));
    await syncFolder(parent);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error;
  }
}

/** The newest one that was proven stays, however many came after it. */
function superfluous(stored: readonly Stored[]): Stored[] {
  const newestFirst = stored.toSorted((a, b) => (a.id < b.id ? 1 : -1));
  const proven = newestFirst.find(({ about }) => about?.provenAt != null);
  return newestFirst.slice(KEPT).filter((one) => one !== proven);
}
