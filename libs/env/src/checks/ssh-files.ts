import type { Place } from "../place.ts";
import { quote } from "../problem.ts";
import { isPrivateKey } from "./pem.ts";
import { firstString } from "./ssh-key.ts";

const OPENSSH = /^-----BEGIN OPENSSH PRIVATE KEY-----\n(?<body>[\s\S]+?)\n-----END OPENSSH PRIVATE KEY-----\s*$/;
const MAGIC = "openssh-key-v1\0";

/** A private key for ssh, in OpenSSH's own form or in PEM: whole, and without a passphrase, which nobody would type. */
export function checkSshSecretKey(text: string, place: Place): void {
  const body = OPENSSH.exec(text.replaceAll("\r\n", "\n").trim())?.groups?.["body"];
  if (body === undefined) {
    if (!isPrivateKey(text)) place.error("must be a private key for ssh, whole and without a passphrase");
    return;
  }
  const cipher = cipherOf(Buffer.from(body, "base64"));
  if (cipher === undefined) place.error("the ssh key is not whole: a part of it is cut off");
  else if (cipher !== "none") place.error("the ssh key has a passphrase; a server has nobody to type one");
}

/** The first of four texts, and of two counted parts behind them, of which a whole key has every byte. See OpenSSH's PROTOCOL.key. */
function cipherOf(bytes: Buffer): string | undefined {
  if (bytes.toString("latin1", 0, MAGIC.length) !== MAGIC) return undefined;
  const cipher = firstString(bytes.subarray(MAGIC.length));
  const [afterOptions] = [0, 1, 2].reduce(([at]) => [skipString(bytes, at)], [MAGIC.length]);
  const end = skipString(bytes, skipString(bytes, (afterOptions ?? NaN) + 4));
  return end === bytes.length ? cipher : undefined;
}

/** Where the text at `at` ends; NaN behind the end of the bytes. */
function skipString(bytes: Buffer, at: number): number {
  return at + 4 <= bytes.length ? at + 4 + bytes.readUInt32BE(at) : NaN;
}

const KNOWN_HOST =
  /^(?:@(?:cert-authority|revoked)\s+)?(?<hosts>\S+)\s+(?<type>(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+)\s+(?<key>[A-Za-z0-9+/]+={0,2})(?:\s.*)?$/;

/** Lines of known_hosts, as sshd(8) has them; empty ones and comments among them. */
export function checkKnownHosts(text: string, place: Place): void {
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(?:#|$)/.test(line)) continue;
    const fault = knownHostFault(line.trim());
    if (fault) place.errorInside({ line: index + 1, column: 1 }, fault);
  }
}

function knownHostFault(line: string): string | undefined {
  const { hosts = "", type, key } = KNOWN_HOST.exec(line)?.groups ?? {};
  if (type === undefined || key === undefined)
    return "must be a line of known_hosts, as in 'backup.example ssh-ed25519 AAAA…'";
  if (firstString(Buffer.from(key, "base64")) === type) return undefined;
  return `the key of ${quote(hosts)} is not whole: it does not hold a ${type} key`;
}
