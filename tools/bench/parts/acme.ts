import { createAccountKey, createAcme } from "@appliance/acme";
import {
  createCsr,
  faultMatrix,
  issueUnder,
  startChallengeServer,
  startPebble,
  type MatrixCase,
} from "@appliance/acme/testing";
import { plain, spread, type Figure } from "../figure.ts";

const CERTIFICATES = 100;
const NONCE_REJECT_PERCENT = 50;
const LIMIT_MS = 120_000;

/** Certificates of a real Pebble that refuses nonces, and of one in each of 72 states. */
export async function acme(): Promise<Figure[]> {
  const issued = await issueMany();
  const matrix = await issueMatrix();
  return [
    {
      name: `certificates issued while ${NONCE_REJECT_PERCENT} % of the nonces are rejected`,
      measured: `${issued.seconds.length} of ${CERTIFICATES}${because(issued.failures)}`,
      beside: "all",
      met: issued.seconds.length === CERTIFICATES,
    },
    plain("one of them", spread(issued.seconds, "s"), "the time of Pebble and openssl is in it"),
    {
      name: "states of the authority (nonces, reuse, chains, profiles) in which two certificates were issued",
      measured: `${matrix.seconds.length} of ${faultMatrix().length}${because(matrix.failures)}`,
      beside: "all",
      met: matrix.seconds.length === faultMatrix().length,
    },
    plain("one of them, with the start of Pebble", spread(matrix.seconds, "s")),
  ];
}

interface Outcome {
  seconds: number[];
  failures: string[];
}

async function issueMany(): Promise<Outcome> {
  const pebble = await startPebble({ nonceReject: NONCE_REJECT_PERCENT });
  const challenges = await startChallengeServer(pebble.httpPort);
  try {
    const client = createAcme({ directoryUrl: pebble.directoryUrl, ca: pebble.ca, retryDelayMs: 50 });
    const key = createAccountKey();
    const account = await client.openAccount({ key, termsOfServiceAgreed: true }, AbortSignal.timeout(LIMIT_MS));
    return await each(Array.from({ length: CERTIFICATES }).keys().toArray(), async (number, signal) => {
      const names = [`bench-${number}.example`];
      const { csr } = await createCsr(names);
      const order = await account.newOrder({ names }, signal);
      await account.complete(order, { csr, challenges }, signal);
    });
  } finally {
    await challenges.stop();
    await pebble.stop();
  }
}

const issueMatrix = (): Promise<Outcome> => each(faultMatrix(), (one: MatrixCase, signal) => issueUnder(one, signal));

/** One after the other, each within its limit; a failure is counted and told. */
async function each<T>(all: readonly T[], work: (one: T, signal: AbortSignal) => Promise<unknown>): Promise<Outcome> {
  const outcome: Outcome = { seconds: [], failures: [] };
  for (const one of all) {
    const begin = performance.now();
    try {
      await work(one, AbortSignal.timeout(LIMIT_MS));
      outcome.seconds.push((performance.now() - begin) / 1000);
    } catch (error) {
      outcome.failures.push(`${JSON.stringify(one)}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return outcome;
}

const because = (failures: readonly string[]): string => (failures.length > 0 ? ` (${failures.join("; ")})` : "");
