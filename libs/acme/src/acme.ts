import type { KeyObject, X509Certificate } from "node:crypto";
import { openAccount, type Account, type AccountOptions } from "./account.ts";
import { directorySchema, type Directory } from "./directory.ts";
import { createExchange } from "./exchange.ts";
import { readAccountKey } from "./jose.ts";
import { patiently, type Patience } from "./patience.ts";
import { readAnswer } from "./read-answer.ts";
import { fetchRenewalInfo, type Get, type RenewalInfo } from "./renewal-info.ts";
import { createSignedRequests, succeeded } from "./signed-requests.ts";

export interface AcmeOptions extends Partial<Patience> {
  /** Such as `https://acme-v02.api.letsencrypt.org/directory`. */
  directoryUrl: string;
  /** PEM of the certificates to trust in place of the usual authorities: a test's, or a company's own. */
  ca?: string | undefined;
  /** Whole time of one request; 30 s unless given. */
  requestTimeoutMs?: number;
  userAgent?: string;
}

/**
 * A certificate authority. It remembers its directory for as long as it is used: make a new one for each renewal.
 * Every call throws an `AcmeError`, or the reason of its signal once that aborts.
 */
export interface Acme {
  /** What the authority offers. */
  directory(signal: AbortSignal): Promise<Directory>;
  /** The account of the key; made when there is none. */
  openAccount(options: AccountOptions & { key: string | KeyObject }, signal: AbortSignal): Promise<Account>;
  /** When the authority would have the certificate renewed; undefined when it never says. */
  renewalInfo(certificate: X509Certificate, signal: AbortSignal): Promise<RenewalInfo | undefined>;
}

const REQUEST_TIMEOUT_MS = 30_000;
const PATIENCE: Patience = { patienceMs: 60_000, retryDelayMs: 1000, pollLimitMs: 600_000, now: Date.now };

export function createAcme({ directoryUrl, ca, requestTimeoutMs, userAgent, ...given }: AcmeOptions): Acme {
  const patience = { ...PATIENCE, ...given };
  const exchange = createExchange({
    ca,
    userAgent: userAgent ?? `appliance-acme node/${process.versions.node}`,
    timeoutMs: requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  });
  const get: Get = (url, read, signal) =>
    patiently(async () => read(await succeeded(exchange({ method: "GET", url, signal }), patience)), {
      repeatable: true,
      signal,
      patience,
    });
  let known: Directory | undefined;
  const directory = async (signal: AbortSignal) =>
    (known ??= await get(directoryUrl, (answer) => readAnswer(directorySchema, answer), signal));
  return {
    directory,
    async openAccount({ key: given, ...options }, signal) {
      const key = readAccountKey(given);
      const offered = await directory(signal);
      const send = createSignedRequests({ exchange, newNonceUrl: offered.newNonce, key, patience });
      return openAccount({ send, directory: offered, key, patience }, options, signal);
    },
    async renewalInfo(certificate, signal) {
      const { renewalInfo } = await directory(signal);
      if (renewalInfo === undefined) return undefined;
      return fetchRenewalInfo({ renewalInfoUrl: renewalInfo, get, now: patience.now }, certificate, signal);
    },
  };
}
