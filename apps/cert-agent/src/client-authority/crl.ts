import { OperatorError } from "@appliance/errors";
import { withOpenssl, type OpensslDeps, type Workplace } from "./openssl.ts";

/** A certificate revocation list. */
export interface Crl {
  /** The distinguished name of who signed it, as RFC 2253 writes it. */
  issuer: string;
  thisUpdate: Date;
  /** null where the list names none. */
  nextUpdate: Date | null;
  /** null where the list has none. */
  number: bigint | null;
  /** When each was revoked, by serial as OpenSSL prints it. */
  revoked: ReadonlyMap<string, Date>;
}

/** Names as UTF-8 with controls escaped, so that a name cannot make a line. */
const NAME_OPTIONS = ["-nameopt", "RFC2253,-esc_msb,utf8"];

/**
 * Reads one list in PEM. Its signature is not looked at.
 * @throws OperatorError `CRL_BROKEN` for what is no list.
 */
export function readCrl(pem: string, deps: OpensslDeps, signal: AbortSignal): Promise<Crl> {
  return withOpenssl(deps, signal, (place) => readCrlIn(place, pem));
}

/**
 * As `readCrl`, where a work folder is open already. By files and not by pipes: a megabyte through a pipe needs the processor
 * dozens of times, which takes seconds on a host that is busy.
 */
export async function readCrlIn({ openssl, write, read }: Workplace, pem: string): Promise<Crl> {
  await write("read.pem", pem);
  const fields = ["-issuer", "-lastupdate", "-nextupdate", "-crlnumber", "-dateopt", "iso_8601", ...NAME_OPTIONS];
  const files = ["-in", "read.pem", "-out", "read.txt"];
  const { exitCode, stdout } = await openssl(["crl", "-noout", "-text", ...fields, ...files], { okExitCodes: [0, 1] });
  if (exitCode !== 0) throw broken("openssl cannot read it");
  return parseCrl(stdout, (await read("read.txt")).toString("utf8"));
}

const ENTRY = /^ {4}Serial Number: ([0-9A-F]+)\n +Revocation Date: (.+)$/gm;
const LIST = "\nRevoked Certificates:\n";

function parseCrl(fields: string, text: string): Crl {
  const field = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(fields)?.[1] ?? "";
  const thisUpdate = instantOf(field("lastUpdate"));
  if (thisUpdate === null) throw broken("it does not say when it was made");
  const number = field("crlNumber");
  return {
    issuer: field("issuer"),
    thisUpdate,
    nextUpdate: instantOf(field("nextUpdate")),
    number: number.startsWith("0x") ? BigInt(number) : null,
    revoked: parseEntries(text),
  };
}

function parseEntries(text: string): Map<string, Date> {
  const begin = text.indexOf(LIST);
  const entries = begin < 0 ? [] : text.slice(begin).matchAll(ENTRY);
  return new Map(Array.from(entries, ([, serial = "", date = ""]) => [serial, new Date(date)]));
}

function instantOf(text: string): Date | null {
  const instant = new Date(text.replace(" ", "T"));
  return Number.isNaN(instant.getTime()) ? null : instant;
}

const broken = (why: string) =>
  new OperatorError("CRL_BROKEN", `A revocation list cannot be used: ${why}.`, {
    remedy: "Have it made again by its authority, in PEM.",
  });

/** Whether `caPem`, one certificate, signed the list. openssl 3.0 ends with 0 either way, so its word is what counts. */
export async function isSignedBy({ openssl, write }: Workplace, crlPem: string, caPem: string): Promise<boolean> {
  await write("signer.pem", caPem);
  await write("signed.pem", crlPem);
  const args = ["crl", "-in", "signed.pem", "-noout", "-verify", "-no-CApath", "-no-CAstore", "-CAfile", "signer.pem"];
  const { stderr } = await openssl(args, { okExitCodes: [0, 1] });
  return stderr.includes("verify OK");
}

/**
 * Why a server refuses the certificates of authority `caPem` with these authorities and lists (nginx asks with the same flags),
 * in openssl's words; null when it takes them.
 */
export async function whyRefused(
  { openssl, write }: Workplace,
  caPem: string,
  bundle: { caPem: string; crlPem: string },
  now: Date,
): Promise<string | null> {
  await write("authority.pem", caPem);
  await write("authorities.pem", bundle.caPem);
  await write("lists.pem", bundle.crlPem);
  const trust = ["-no-CApath", "-no-CAstore", "-CAfile", "authorities.pem", "-CRLfile", "lists.pem"];
  const at = ["-crl_check_all", "-attime", String(Math.floor(now.getTime() / 1000))];
  const { exitCode, stderr } = await openssl(["verify", ...at, ...trust, "authority.pem"], { okExitCodes: [0, 1, 2] });
  if (exitCode === 0) return null;
  return /^error \d+ at \d+ depth lookup: (.+)$/m.exec(stderr)?.[1] ?? "openssl cannot verify it";
}
