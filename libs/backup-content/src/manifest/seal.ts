import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { failure } from "../failures.ts";
import { canonicalJson } from "./canonical-json.ts";

/** Two keys for two purposes, so that a value made for one never passes for the other. */
export interface Keys {
  seal: Uint8Array;
  fingerprint: Uint8Array;
}

const KEY_BYTES = 32;

/**
 * The keys that follow from `secret`, the text of env.yml that opens the repository (the OpenPGP key, or restic's password).
 * White space at its ends and the kind of its line ends do not count, since an editor or a printed env.yml changes them.
 */
export function deriveKeys(secret: string): Keys {
  const material = secret.replaceAll("\r\n", "\n").trim();
  if (material === "") throw new Error("a backup secret must not be empty");
  const derive = (purpose: string) =>
    new Uint8Array(hkdfSync("sha256", material, "", `appliance ${purpose}`, KEY_BYTES));
  return { seal: derive("backup seal 1"), fingerprint: derive("env fingerprint 1") };
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
  return `${JSON.stringify({ format, version, body: plain, seal: sealOf({ format, version, body: plain }, keys) }, null, 2)}\n`;
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
  if (!sameText(seal, sealOf({ format, version, body }, keys))) throw failure("MANIFEST_SEAL_WRONG", name);
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

function sealOf(content: { format: string; version: number; body: unknown }, keys: Keys): string {
  return createHmac("sha256", keys.seal).update(canonicalJson(content)).digest("hex");
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
