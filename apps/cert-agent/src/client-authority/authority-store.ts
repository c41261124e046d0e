import { createPrivateKey, randomBytes, type X509Certificate } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import { ensureDirectory, readIfThere, removeLeftovers, syncFolder, writeFileDurable } from "@appliance/files";
import { parseCertificate } from "../certificate.ts";

/** An authority whose certificates are accepted. */
export interface Authority {
  /** Counts up: the highest number issues. A clock that was wrong cannot turn the order around. */
  number: number;
  serial: string;
  certificate: X509Certificate;
  certificatePem: string;
  keyFile: string;
}

export interface StoredAuthorities {
  /** Oldest first. */
  authorities: readonly Authority[];
  /** Folders that hold no readable certificate. */
  damaged: readonly string[];
}

export interface AuthorityStore {
  read(): Promise<StoredAuthorities>;
  add(made: { keyPem: string; certificatePem: string }): Promise<void>;
  /** Why its key cannot sign, as the end of a sentence; null when it can. */
  whyUnableToSign(authority: Authority): Promise<string | null>;
  /** Its list as it lies there; null when there is none. */
  readList(authority: Authority): Promise<string | null>;
  writeList(authority: Authority, crlPem: string): Promise<void>;
  /** Takes every other one out of service, the damaged too, each in one step, and destroys their keys. */
  keepOnly(authority: Authority): Promise<void>;
  /** Finishes what a killed process left undone. */
  tidy(): Promise<void>;
}

const [KEY, CERTIFICATE, LIST] = ["key.pem", "certificate.pem", "crl.pem"];

/**
 * `folder/active/N/` and `folder/retired/N/`, one folder an authority. Where the folder lies says whether it is accepted, and it
 * changes its place by one rename.
 */
export function createAuthorityStore(folder: string): AuthorityStore {
  const [active, retired] = [join(folder, "active"), join(folder, "retired")];
  const folderOf = ({ number }: Authority) => join(active, String(number));

  async function add({ keyPem, certificatePem }: { keyPem: string; certificatePem: string }) {
    for (const path of [active, retired]) await ensureDirectory(path, { mode: 0o700 });
    const number = 1 + Math.max(0, ...(await numbersIn(active)), ...(await numbersIn(retired)));
    // The name that `removeLeftovers` of @appliance/files knows.
    const temporary = join(active, `.appliance-new-${randomBytes(6).toString("hex")}`);
    await mkdir(temporary, { mode: 0o700 });
    await writeFileDurable(join(temporary, KEY), keyPem, { mode: 0o600 });
    await writeFileDurable(join(temporary, CERTIFICATE), certificatePem, { mode: 0o644 });
    await rename(temporary, join(active, String(number)));
    await syncFolder(active);
  }

  async function keepOnly({ number: kept }: Authority) {
    for (const number of (await numbersIn(active)).filter((one) => one !== kept))
      await rename(join(active, String(number)), join(retired, String(number)));
    await syncFolder(retired);
    await syncFolder(active);
    await tidy();
  }

  async function tidy() {
    for (const number of await numbersIn(retired)) await rm(join(retired, String(number), KEY), { force: true });
    if (await exists(active)) await removeLeftovers(active);
  }

  return {
    read: () => readActive(active),
    add,
    whyUnableToSign,
    readList: (authority) => readOptional(join(folderOf(authority), LIST)),
    writeList: (authority, pem) => writeFileDurable(join(folderOf(authority), LIST), pem, { mode: 0o644 }),
    keepOnly,
    tidy,
  };
}

async function readActive(active: string): Promise<StoredAuthorities> {
  const authorities: Authority[] = [];
  const damaged: string[] = [];
  for (const number of await numbersIn(active)) {
    const path = join(active, String(number));
    const certificatePem = (await readOptional(join(path, CERTIFICATE))) ?? "";
    const certificate = parseCertificate(certificatePem);
    if (!certificate) damaged.push(path);
    else
      authorities.push({
        number,
        serial: certificate.serialNumber,
        certificate,
        certificatePem,
        keyFile: join(path, KEY),
      });
  }
  return { authorities, damaged };
}

async function whyUnableToSign({ certificate, keyFile }: Authority): Promise<string | null> {
  const pem = await readOptional(keyFile);
  if (pem === null) return "is missing or cannot be read";
  try {
    return certificate.checkPrivateKey(createPrivateKey(pem)) ? null : "belongs to another certificate";
  } catch {
    return "is damaged"; // what OpenSSL says of it may quote the key
  }
}

/** null when it is absent or may not be read: for a key or a certificate both mean that it is lost to us. */
async function readOptional(path: string): Promise<string | null> {
  return (await readIfThere(path, "EACCES", "EISDIR", "EIO")) ?? null;
}

async function numbersIn(folder: string): Promise<number[]> {
  if (!(await exists(folder))) return [];
  const names = (await readdir(folder)).filter((name) => /^[1-9][0-9]*$/.test(name));
  return names.map(Number).sort((a, b) => a - b);
}

async function exists(folder: string): Promise<boolean> {
  try {
    await readdir(folder);
    return true;
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return false;
    throw error;
  }
}
