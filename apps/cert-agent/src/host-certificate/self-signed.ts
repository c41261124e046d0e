import { join } from "node:path";
import { ensureDirectory, writeFileDurable } from "@appliance/files";
import type { KeyedCertificate } from "../certificate.ts";
import { readPair } from "./certificate-store.ts";
import { covers, readKeyPair, whyUnfit, type Clock, type KeyPair } from "./key-pair.ts";
import type { Log } from "./log.ts";
import type { Openssl } from "./openssl.ts";
import { isAddress, isHostName } from "./plan-names.ts";
import { marginMs } from "./plan-renewal.ts";

/** The certificate of last resort. */
export interface SelfSigned {
  /** The one that is kept, whatever its dates and names. */
  look(): Promise<KeyedCertificate | undefined>;
  /** One for these names, the first of which it must have; made anew when names change or it nears its end. */
  ensure(names: readonly string[], clock: Clock, signal: AbortSignal): Promise<KeyedCertificate>;
}

const DAYS = 365;

export function createSelfSigned(deps: { folder: string; openssl: Openssl; log: Log }): SelfSigned {
  const { openssl, log } = deps;
  const folder = join(deps.folder, "self-signed");
  /** For a disk that takes no more files: a new certificate with each look would be a reload of nginx with each. */
  let unkept: KeyPair | undefined;
  const look = async () => {
    const kept = (await readPair(folder, "key.pem", "chain.pem")) ?? unkept;
    return kept === undefined || "unfit" in kept ? unkept : kept;
  };
  const make = async (names: readonly string[], signal: AbortSignal) => {
    const { keyPem, certificatePem } = await openssl.selfSigned(names, DAYS, signal);
    const made = readKeyPair(keyPem, certificatePem);
    if ("unfit" in made) throw new Error(`openssl made a certificate that is no good: ${made.unfit}`);
    unkept = made;
    await keep(folder, made).then(
      () => (unkept = undefined),
      (err: unknown) => log.warn({ err }, "the self-signed certificate could not be kept; it is used all the same"),
    );
    return made;
  };
  return {
    look: async () => asServed(await look()),
    async ensure(names, clock, signal) {
      const wanted = names.filter((name) => isAddress(name) || isHostName(name));
      const candidates = [await look(), unkept].filter((pair) => pair !== undefined);
      const good = candidates.find((pair) => isGood(pair, wanted, clock));
      return { ...(good ?? (await make(wanted, signal))), source: "self-signed" };
    },
  };
}

const asServed = (pair: KeyPair | undefined): KeyedCertificate | undefined =>
  pair && { ...pair, source: "self-signed" };

function isGood({ leaf }: KeyPair, names: readonly string[], clock: Clock): boolean {
  const [first = ""] = names;
  if (whyUnfit(leaf, first, clock) !== undefined || !names.every((name) => covers(leaf, name))) return false;
  return !clock.trusted || clock.now.getTime() < leaf.validToDate.getTime() - marginMs(leaf);
}

/** The key first: a pair that does not match, after a power cut between both, is made anew. */
async function keep(folder: string, { keyPem, chainPem }: KeyPair): Promise<void> {
  await ensureDirectory(folder, { mode: 0o700 });
  await writeFileDurable(join(folder, "key.pem"), keyPem, { mode: 0o600 });
  await writeFileDurable(join(folder, "chain.pem"), chainPem, { mode: 0o600 });
}
