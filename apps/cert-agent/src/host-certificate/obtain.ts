import { AcmeError, createAcme } from "@appliance/acme";
import type { Account, Acme, AcmeOptions, CertificateChain, Challenges, Order } from "@appliance/acme";
import type { CertAgentSlice } from "../slice.ts";
import type { AcmeFiles, KeptOrder } from "./acme-files.ts";
import type { Openssl } from "./openssl.ts";

export type Authority = NonNullable<CertAgentSlice["acme"]>;

/** What is ordered. */
export interface Wish {
  names: readonly string[];
  /** The `certificateId` of the one that is to be replaced. */
  replaces: string | undefined;
}

export interface ObtainDeps {
  authority: Authority;
  options: Omit<AcmeOptions, "directoryUrl" | "ca">;
  files: AcmeFiles;
  openssl: Openssl;
  challenges: Challenges;
  /** Called before an order whose names may have to be proven; what it throws ends the attempt. */
  beforeValidation: () => Promise<void>;
}

export interface Obtained {
  keyPem: string;
  chain: CertificateChain;
}

/** Refusals after which the same wish may be granted, once what caused them is out of the way. */
type Mend = (work: { wish: Wish; wasKept: boolean }, deps: ObtainDeps) => Promise<Wish | undefined>;

const again: Mend = async ({ wish }) => wish;
const withAnotherAccount: Mend = async ({ wish }, { files, authority }) => {
  await files.setAccountAside(authority.directoryUrl);
  return wish;
};

/** By code; what is not here is tried again later, with the same order. */
const MENDS: Record<string, Mend> = {
  ACME_ALREADY_REPLACED: async ({ wish }) => ({ ...wish, replaces: undefined }),
  ACME_ACCOUNT_MISSING: again,
  ACME_ACCOUNT_ENDED: withAnotherAccount,
  ACME_KEY_UNSUITABLE: withAnotherAccount,
  ACME_ORDER_GONE: again,
  // One from before a crash may have died of anything; a new one that failed would fail again.
  ACME_ORDER_FAILED: async ({ wish, wasKept }) => (wasKept ? wish : undefined),
};

/** After these the order is over, or another account's. */
const ORDER_IS_OVER = [
  ...Object.keys(MENDS),
  "ACME_VALIDATION_FAILED",
  "ACME_NAMES_REFUSED",
  "ACME_CSR_REFUSED",
  "ACME_CHAIN_BROKEN",
  "ACME_PROFILE_UNKNOWN",
];

/**
 * Has a certificate of the authority. What was begun before a crash is gone on with, so that no second order is made.
 * @throws AcmeError as `libs/acme` says, once nothing more can be done about it here; what `beforeValidation` throws
 */
export async function obtain(wish: Wish, deps: ObtainDeps, signal: AbortSignal): Promise<Obtained> {
  const mended = new Set<string>();
  for (let current = wish; ;) {
    const kept = await keptFor(current, deps);
    try {
      return await carryThrough(current, kept, deps, signal);
    } catch (error) {
      const code = error instanceof AcmeError ? error.code : "";
      if (ORDER_IS_OVER.includes(code)) await deps.files.dropOrder();
      const mend = mended.has(code) ? undefined : MENDS[code];
      const next = await mend?.({ wish: current, wasKept: kept?.url != null }, deps);
      if (next === undefined) throw error;
      mended.add(code);
      current = next;
    }
  }
}

/** The order from before, where it is for the same names of the same authority. */
async function keptFor({ names }: Wish, { files, authority }: ObtainDeps): Promise<KeptOrder | undefined> {
  const kept = await files.order();
  const isSame = kept?.directoryUrl === authority.directoryUrl && kept.names.join() === names.join();
  return isSame ? kept : undefined;
}

async function carryThrough(
  wish: Wish,
  kept: KeptOrder | undefined,
  deps: ObtainDeps,
  signal: AbortSignal,
): Promise<Obtained> {
  const account = await openAccount(deps, signal);
  const { keyPem, csr, order } = await (kept?.url == null
    ? begin(wish, kept, account, deps, signal)
    : resume({ ...kept, url: kept.url }, account, deps, signal));
  const chain = await account.complete(order, { csr: Buffer.from(csr, "base64"), challenges: deps.challenges }, signal);
  return { keyPem, chain };
}

/** A client of the authority that env.yml names. */
export function clientOf({ directoryUrl, ca }: Authority, options: ObtainDeps["options"]): Acme {
  return createAcme({ ...options, directoryUrl, ...(ca === null ? {} : { ca }) });
}

async function openAccount({ authority, options, files }: ObtainDeps, signal: AbortSignal): Promise<Account> {
  const { directoryUrl, externalAccount } = authority;
  const key = await files.accountKey(directoryUrl);
  return clientOf(authority, options).openAccount(
    { key, termsOfServiceAgreed: true, externalAccountBinding: externalAccount ?? undefined },
    signal,
  );
}

/** Key and request are on disk before the order is made, its URL before anything else is asked. */
async function begin(
  { names, replaces }: Wish,
  kept: KeptOrder | undefined,
  account: Account,
  { authority, files, openssl, beforeValidation }: ObtainDeps,
  signal: AbortSignal,
): Promise<KeptOrder & { order: Order }> {
  await beforeValidation();
  const { directoryUrl, profile } = authority;
  const prepared = kept ?? { ...(await newOrderOf(names, openssl, signal)), directoryUrl };
  await files.keepOrder(prepared);
  const order = await account.newOrder({ names, profile: profile ?? undefined, replaces }, signal);
  const begun = { ...prepared, url: order.url };
  await files.keepOrder(begun);
  return { ...begun, order };
}

async function newOrderOf(names: readonly string[], openssl: Openssl, signal: AbortSignal) {
  const { keyPem, csr } = await openssl.request(names, signal);
  return { names: [...names], keyPem, csr: csr.toString("base64"), url: null };
}

async function resume(
  kept: KeptOrder & { url: string },
  account: Account,
  { beforeValidation }: ObtainDeps,
  signal: AbortSignal,
): Promise<KeptOrder & { order: Order }> {
  const order = await account.resumeOrder(kept.url, signal);
  if (order.status === "pending") await beforeValidation();
  return { ...kept, order };
}
