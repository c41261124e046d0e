import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { failure } from "../failures.ts";
import { canonicalJson } from "./canonical-json.ts";

/** Keys for two purposes, so that a value made for one never passes for the other. */
export interface Keys {
  seal: Uint8Array;
  /** Whose seals are good: that one, and those of the other secrets that env.yml has. */
  accepted: readonly Uint8Array[];
  fingerprint: Uint8Array;
}

const KEY_BYTES = 32;

/**
 * The keys that follow from the texts of env.yml that open repositories (restic's password, the OpenPGP key). The first makes seals and
 * fingerprints; what any of them sealed is accepted, so that an env.yml with a further secret still opens the backups made before.
 * White space at their ends and the kind of their line ends do not count, since an editor or a printed env.yml changes them.
 */
export function deriveKeys(...[first, ...others]: readonly [string, ...string[]]): Keys {
  const seal = derive(first, "backup seal 1");
  const accepted = [seal, ...others.map((secret) => derive(secret, "backup seal 1"))];
  return { seal, accepted, fingerprint: derive(first, "env fingerprint 1") };
}

function derive(secret: string, purpose: string): Uint8Array {
  const material = secret.replaceAll("\r\n", "\n").trim();
  if (material === "") throw new Error("a backup secret must not be empty");
  return new Uint8Array(hkdfSync("sha256", material, "", `appliance ${purpose}`, KEY_BYTES));
}

/** A fingerprint of env.yml's data (not its comments and layout) that tells nothing about it without the key. */
export function fingerprintEnv(keys: Keys, env: unknown): string {
  return createHmac("sha256", keys.fingerprint).update(canonicalJson(env)).digest("hex");
}

/** What a sealed file is; a change of its body that old readers would misread raises the version. */
export interface Kind<T> {
  format: string;
  version: number;
  body: z.ZodType<T>;
}

const Envelope = z.object({ format: z.string(), version: z.int().positive(), body: z.unknown(), seal: z.string() });

/** The text of a sealed file: JSON with `body` readable, and a seal over format, version and body. */
export function sealed<T>(kind: Kind<T>, body: T, keys: Keys): string {
  const { format, version } = kind;
  const plain: unknown = JSON.parse(JSON.stringify(body));
  return `${JSON.stringify({ format, version, body: plain, seal: sealOf({ format, version, body: plain }, keys.seal) }, null, 2)}\n`;
}

/**
 * The body of a sealed file's `text`; `name` is for the errors.
 * @throws OperatorError `MANIFEST_DAMAGED`, `MANIFEST_NEWER` or `MANIFEST_SEAL_WRONG`.
 */
export function unsealed<T>(kind: Kind<T>, text: string, keys: Keys, name: string): T {
  const { format, version, body, seal } = envelopeOf(text, name);
  if (format !== kind.format) throw failure("MANIFEST_DAMAGED", `${name} is no ${kind.format}`);
  if (version > kind.version)
    throw failure("MANIFEST_NEWER", `${name} has version ${version}, known is ${kind.version}`);
  const isSealedWith = (key: Uint8Array) => sameText(seal, sealOf({ format, version, body }, key));
  if (!keys.accepted.some(isSealedWith)) throw failure("MANIFEST_SEAL_WRONG", name);
  const read = kind.body.safeParse(body);
  if (!read.success) throw failure("MANIFEST_DAMAGED", `${name}: ${z.prettifyError(read.error)}`);
  return read.data;
}

function envelopeOf(text: string, name: string) {
  try {
    return Envelope.parse(JSON.parse(text));
  } catch (cause) {
    throw failure("MANIFEST_DAMAGED", `${name} is not whole`, cause);
  }
}

function sealOf(content: { format: string; version: number; body: unknown }, key: Uint8Array): string {
  return createHmac("sha256", key).update(canonicalJson(content)).digest("hex");
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
