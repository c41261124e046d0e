import { createAcme } from "../acme.ts";
import type { CertificateChain } from "../certificate-chain.ts";
import { createAccountKey } from "../jose.ts";
import { startChallengeServer } from "./challenge-server.ts";
import { createCsr } from "./csr.ts";
import { startFaultProxy } from "./fault-proxy.ts";
import { startPebble } from "./pebble.ts";

/** One state of a certificate authority under which a certificate must be had. */
export interface MatrixCase {
  /** Share of good nonces refused, in percent. */
  nonceReject: number;
  /** How often a valid authorization is used again, in percent. */
  authzReuse: number;
  chainLength: number;
  profile: keyof typeof PROFILES;
}

/** Name and lifetime in seconds; 160 hours is Let's Encrypt's shortest. */
const PROFILES = { classic: 90 * 86_400, shortlived: 160 * 3600 };
const NONCE_RATES = [0, 5, 25, 50, 75, 90];
const REUSE_RATES = [0, 50, 100];
const CHAIN_LENGTHS = [1, 3];

/** All 72 cases. */
export function faultMatrix(): MatrixCase[] {
  const profiles = Object.keys(PROFILES) as (keyof typeof PROFILES)[];
  return NONCE_RATES.flatMap((nonceReject) =>
    REUSE_RATES.flatMap((authzReuse) =>
      CHAIN_LENGTHS.flatMap((chainLength) =>
        profiles.map((profile) => ({ nonceReject, authzReuse, chainLength, profile })),
      ),
    ),
  );
}

/**
 * Starts a Pebble as the case says and has two certificates issued for the same two names, the second one where authorizations
 * may be used again.
 * @returns both chains, and how many names had to be proven
 */
export async function issueUnder(
  { nonceReject, authzReuse, chainLength, profile }: MatrixCase,
  signal: AbortSignal,
): Promise<{ chains: CertificateChain[]; proven: number }> {
  const pebble = await startPebble({ nonceReject, authzReuse, chainLength, validitySeconds: PROFILES[profile] });
  const proxy = await startFaultProxy(pebble);
  const challenges = await startChallengeServer(pebble.httpPort);
  try {
    proxy.offer({ profiles: { classic: "90 days", shortlived: "160 hours" } });
    const acme = createAcme({ directoryUrl: proxy.directoryUrl, ca: pebble.ca, retryDelayMs: 50 });
    const account = await acme.openAccount({ key: createAccountKey(), termsOfServiceAgreed: true }, signal);
    const names = ["a.example", "b.example"];
    const chains: CertificateChain[] = [];
    for (let round = 0; round < 2; round += 1) {
      const order = await account.newOrder({ names, profile }, signal);
      const { csr } = await createCsr(names);
      chains.push(await account.complete(order, { csr, challenges }, signal));
    }
    return { chains, proven: challenges.placed.length };
  } finally {
    await challenges.stop();
    await proxy.stop();
    await pebble.stop();
  }
}
