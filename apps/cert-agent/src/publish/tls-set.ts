import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import type { GenerationFile } from "@appliance/files";
import type { KeyedCertificate } from "../certificate.ts";

/** The authorities whose client certificates are accepted, and a revocation list of each, as PEM. */
export interface ClientBundle {
  caPem: string;
  crlPem: string;
}

/** Everything that nginx needs of us at once. */
export interface TlsSet {
  server: Pick<KeyedCertificate, "keyPem" | "chainPem" | "leaf">;
  /** Null where no client certificate is asked for. */
  clients: ClientBundle | null;
}

/** The group of those who read the key of the host's certificate: nginx and later the mail gateway. */
const TLS_GID = 5020;

const KEY = "server.key";
const CHAIN = "server.crt";
const CLIENT_CA = "client-ca.crt";
const CLIENT_CRL = "client.crl";
/** Tells nginx that what was accepted before is not any more: connections from before end soon after the reload. */
const END_CONNECTIONS = "end-connections";

/** The set as nginx' folder has it. */
export function generationOf({ server, clients }: TlsSet, endConnections: boolean): Map<string, GenerationFile> {
  const everybody = { mode: 0o444 };
  const files = new Map<string, GenerationFile>([
    [KEY, { data: server.keyPem, mode: 0o440, gid: TLS_GID }],
    [CHAIN, { data: server.chainPem, ...everybody }],
  ]);
  if (clients) files.set(CLIENT_CA, { data: clients.caPem, ...everybody });
  if (clients) files.set(CLIENT_CRL, { data: clients.crlPem, ...everybody });
  if (endConnections) files.set(END_CONNECTIONS, { data: "", ...everybody });
  return files;
}

/** The set as containers find it below /data/etc, under the names of the manual (6.4). */
export function servedFilesOf({ server, clients }: TlsSet): Map<string, GenerationFile> {
  const everybody = { mode: 0o644 };
  const files = new Map<string, GenerationFile>([
    ["server.cert.pem", { data: server.chainPem, ...everybody }],
    ["server.key.pem", { data: server.keyPem, mode: 0o640, gid: TLS_GID }],
  ]);
  if (clients) files.set("ca.cert.pem", { data: clients.caPem, ...everybody });
  if (clients) files.set("crl.pem", { data: clients.crlPem, ...everybody });
  return files;
}

/** The set in the folder of one generation; undefined where there is none, or none that can be read. */
export async function readSet(folder: string): Promise<TlsSet | undefined> {
  const read = (name: string) => readIfThere(join(folder, name));
  const [keyPem, chainPem, caPem, crlPem] = await Promise.all([KEY, CHAIN, CLIENT_CA, CLIENT_CRL].map(read));
  const leaf = chainPem === undefined ? undefined : parseCertificate(chainPem);
  if (keyPem === undefined || chainPem === undefined || !leaf) return undefined;
  const clients = caPem === undefined || crlPem === undefined ? null : { caPem, crlPem };
  return { server: { keyPem, chainPem, leaf }, clients };
}

export function isSameSet(a: TlsSet | undefined, b: TlsSet): boolean {
  return a !== undefined && isSameServer(a.server, b.server) && isSameBundle(a.clients, b.clients);
}

export function isSameServer(a: TlsSet["server"], b: TlsSet["server"]): boolean {
  return a.keyPem === b.keyPem && a.chainPem === b.chainPem;
}

export function isSameBundle(a: ClientBundle | null, b: ClientBundle | null): boolean {
  return a?.caPem === b?.caPem && a?.crlPem === b?.crlPem;
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    // Unreadable too: `prepare` makes the first set as another user, and a new one replaces it anyway.
    if (isSystemError(error, "ENOENT", "EACCES")) return undefined;
    throw error;
  }
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined; // whatever it is, a new set replaces it
  }
}
