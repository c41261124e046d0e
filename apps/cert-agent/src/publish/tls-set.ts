import { join } from "node:path";
import { readIfThere, type GenerationFile } from "@appliance/files";
import { TLS_GROUP } from "@appliance/host";
import { parseCertificate, type KeyedCertificate } from "../certificate.ts";

/** The authorities whose client certificates are accepted, and a revocation list of each, as PEM. */
export interface ClientTrust {
  caPem: string;
  crlPem: string;
}

/** Everything that nginx needs of us at once. */
export interface TlsSet {
  server: Pick<KeyedCertificate, "keyPem" | "chainPem" | "leaf">;
  /** Null where no client certificate is asked for. */
  clients: ClientTrust | null;
}

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
    [KEY, { data: server.keyPem, mode: 0o440, gid: TLS_GROUP }],
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
    ["server.key.pem", { data: server.keyPem, mode: 0o640, gid: TLS_GROUP }],
  ]);
  if (clients) files.set("ca.cert.pem", { data: clients.caPem, ...everybody });
  if (clients) files.set("crl.pem", { data: clients.crlPem, ...everybody });
  return files;
}

/** The set in the folder of one generation; undefined where there is none, or none that can be read. */
export async function readSet(folder: string): Promise<TlsSet | undefined> {
  // Unreadable too: `prepare` makes the first set as another user, and a new one replaces it anyway.
  const read = (name: string) => readIfThere(join(folder, name), "EACCES");
  const [keyPem, chainPem, caPem, crlPem] = await Promise.all([KEY, CHAIN, CLIENT_CA, CLIENT_CRL].map(read));
  const leaf = chainPem === undefined ? undefined : parseCertificate(chainPem);
  if (keyPem === undefined || chainPem === undefined || !leaf) return undefined;
  const clients = caPem === undefined || crlPem === undefined ? null : { caPem, crlPem };
  return { server: { keyPem, chainPem, leaf }, clients };
}

export function isSameSet(a: TlsSet | undefined, b: TlsSet): boolean {
  return a !== undefined && isSameServer(a.server, b.server) && isSameTrust(a.clients, b.clients);
}

export function isSameServer(a: TlsSet["server"], b: TlsSet["server"]): boolean {
  return a.keyPem === b.keyPem && a.chainPem === b.chainPem;
}

export function isSameTrust(a: ClientTrust | null, b: ClientTrust | null): boolean {
  return a?.caPem === b?.caPem && a?.crlPem === b?.crlPem;
}
