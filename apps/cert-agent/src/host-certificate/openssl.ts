import type { RunCommand } from "@appliance/command";
import { isAddress, isHostName } from "./plan-names.ts";

export interface NewRequest {
  keyPem: string;
  /** The certificate signing request in DER. */
  csr: Buffer;
}

/** Keys and what is made with them; none of it touches a disk here. */
export interface Openssl {
  /** A new P-256 key and a request for these names. @throws CommandError */
  request(names: readonly string[], signal: AbortSignal): Promise<NewRequest>;
  /** A new P-256 key and its self-signed certificate. @throws CommandError */
  selfSigned(
    names: readonly string[],
    days: number,
    signal: AbortSignal,
  ): Promise<{ keyPem: string; certificatePem: string }>;
}

const NEW_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "-"] as const;
/** So that OpenSSL's own settings file, which may not be there, has no say. */
const NO_SETTINGS = ["-config", "/dev/null"] as const;
const SELF_SIGNED_SUBJECT = "/CN=self-signed by the appliance";
const NOT_AN_AUTHORITY = ["-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"];
const TIMEOUT_MS = 60_000;

/** openssl-req(1): `-keyout -` prints the key before the request, so that it stays in memory. */
export function createOpenssl({ run }: { run: RunCommand }): Openssl {
  const make = async (args: readonly string[], names: readonly string[], signal: AbortSignal) => {
    const extension = ["-addext", `subjectAltName=${subjectAltName(names)}`];
    const call = ["req", ...NO_SETTINGS, ...NEW_KEY, "-sha256", ...extension, ...args];
    return (await run("openssl", call, { timeoutMs: TIMEOUT_MS, signal })).stdout;
  };
  return {
    async request(names, signal) {
      const printed = await make(["-new", "-subj", "/"], names, signal);
      return { keyPem: block(printed, "PRIVATE KEY"), csr: der(block(printed, "CERTIFICATE REQUEST")) };
    },
    async selfSigned(names, days, signal) {
      const dated = ["-x509", "-days", String(days), "-subj", SELF_SIGNED_SUBJECT, ...NOT_AN_AUTHORITY];
      const printed = await make(dated, names, signal);
      return { keyPem: block(printed, "PRIVATE KEY"), certificatePem: block(printed, "CERTIFICATE") };
    },
  };
}

/** @throws TypeError for a name that openssl could read as anything but that name */
function subjectAltName(names: readonly string[]): string {
  const unsafe = names.find((name) => !isAddress(name) && !isHostName(name));
  if (unsafe !== undefined) throw new TypeError(`not a host name: ${JSON.stringify(unsafe)}`);
  return names.map((name) => `${isAddress(name) ? "IP" : "DNS"}:${name}`).join();
}

function block(printed: string, kind: string): string {
  const found = new RegExp(`-----BEGIN ${kind}-----[^-]+-----END ${kind}-----\n`).exec(printed)?.[0];
  if (found === undefined) throw new Error(`openssl printed no ${kind}`);
  return found;
}

const der = (pem: string): Buffer => Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
