import { readFile } from "node:fs/promises";
import { isSystemError, OperatorError, suggest } from "@appliance/errors";
import { writeFileDurable } from "@appliance/files";
import { ClientCertificate } from "@appliance/jobs";
import { normalSerial } from "./serial.ts";

/** Every certificate that was ever issued, oldest first. */
export interface Register {
  certificates: readonly ClientCertificate[];
  /** Lines that could not be read. They are kept as they are. */
  damaged: readonly string[];
}

/**
 * Reads the register, one JSON object a line: a damaged line costs one certificate its entry, not the rest.
 * @throws OperatorError `CLIENT_REGISTER_UNREADABLE` when there is one that cannot be read
 */
export async function readRegister(file: string): Promise<Register> {
  const lines = (await readText(file)).split("\n").filter((line) => line.trim() !== "");
  const certificates: ClientCertificate[] = [];
  const damaged: string[] = [];
  for (const line of lines) {
    const certificate = parseLine(line);
    if (certificate) certificates.push(certificate);
    else damaged.push(line);
  }
  return { certificates, damaged };
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return "";
    throw new OperatorError(
      "CLIENT_REGISTER_UNREADABLE",
      `${file}, the register of client certificates, cannot be read.`,
      {
        remedy: "Look at that path and at its disk (dmesg). Nothing is issued or revoked until it can be read.",
        cause: error,
      },
    );
  }
}

function parseLine(line: string): ClientCertificate | undefined {
  try {
    return ClientCertificate.parse(JSON.parse(line));
  } catch {
    return undefined; // the caller keeps the line and says so
  }
}

/** Written as a whole, so that neither a kill nor a full disk leaves half of it. */
export async function writeRegister(file: string, { certificates, damaged }: Register): Promise<void> {
  const lines = [...damaged, ...certificates.map((certificate) => JSON.stringify(certificate))];
  await writeFileDurable(file, `${lines.join("\n")}\n`, { mode: 0o600 });
}

export const isValid = ({ revokedAt, validUntil }: ClientCertificate, now: Date) =>
  revokedAt === null && Date.parse(validUntil) > now.getTime();

/**
 * The certificates that `which` means: the one of a serial in any notation, or those of an e-mail address that have not ended.
 * @throws OperatorError `CLIENT_CERTIFICATE_UNKNOWN` when there is none, with the nearest serial or address
 */
export function find(certificates: readonly ClientCertificate[], which: string, now: Date): ClientCertificate[] {
  const byEmail = which.includes("@");
  const wanted = byEmail ? which.trim().toLowerCase() : normalSerial(which);
  const known = certificates.filter(({ email, serial }) => (byEmail ? email.toLowerCase() : serial) === wanted);
  if (known.length === 0) throw unknown(certificates, wanted ?? which, byEmail);
  return byEmail ? known.filter(({ validUntil }) => Date.parse(validUntil) > now.getTime()) : known;
}

function unknown(certificates: readonly ClientCertificate[], which: string, byEmail: boolean) {
  const near = suggest(
    which,
    certificates.map(({ email, serial }) => (byEmail ? email : serial)),
  );
  const shown = JSON.stringify(which.length > 80 ? `${which.slice(0, 80)}…` : which);
  const what = byEmail ? `No client certificate was issued to ${shown}` : `There is no client certificate ${shown}`;
  const list = "See what there is with: appliance cert client list";
  return new OperatorError("CLIENT_CERTIFICATE_UNKNOWN", `${what}.`, {
    remedy: near === undefined ? list : `Did you mean ${near}? ${list}`,
  });
}
