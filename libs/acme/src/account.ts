import type { KeyObject, X509Certificate } from "node:crypto";
import * as z from "zod";
import type { AccountContext } from "./account-context.ts";
import { AcmeError, unreadable } from "./acme-error.ts";
import { authorize, type Challenges } from "./authorize.ts";
import { fetchChain, type CertificateChain } from "./certificate-chain.ts";
import type { Directory } from "./directory.ts";
import type { HttpAnswer } from "./exchange.ts";
import { base64url, bindExternalAccount, publicJwk, readAccountKey, signJws, thumbprint } from "./jose.ts";
import type { ExternalAccountBinding } from "./jose.ts";
import { finalize, newOrder, resumeOrder, settle, type Order, type OrderOptions } from "./order.ts";
import type { Patience } from "./patience.ts";
import { locationOf, readAnswer } from "./read-answer.ts";
import { nothing, type SendSigned } from "./signed-requests.ts";

export interface AccountOptions {
  /** Such as `mailto:admin@example.org`. */
  contact?: readonly string[];
  /** Whether the operator agrees to the authority's terms. */
  termsOfServiceAgreed: boolean;
  externalAccountBinding?: ExternalAccountBinding | undefined;
}

/** What turns an order, wherever it stands, into a certificate. */
export interface Completion {
  /** The certificate signing request in DER; its names are the order's. */
  csr: Uint8Array;
  challenges: Challenges;
  /** Common name of the issuer at the chain's end; the first chain with it is taken, without such a one the authority's own choice. */
  preferredIssuer?: string | undefined;
}

/** An account at one authority. Its key is in none of its properties. */
export interface Account {
  readonly url: string;
  /** Orders a certificate. A failure never orders a second one: keep `order.url` before going on. */
  newOrder(options: OrderOptions, signal: AbortSignal): Promise<Order>;
  /** The order as it stands now: what to do after a crash, in place of a new order. Throws `ACME_ORDER_GONE`. */
  resumeOrder(url: string, signal: AbortSignal): Promise<Order>;
  /** Proves the names by HTTP-01; throws `ACME_VALIDATION_FAILED` with each name that failed. */
  authorize(order: Order, challenges: Challenges, signal: AbortSignal): Promise<Order>;
  /** Sends the CSR and waits until the certificate is made or refused. */
  finalize(order: Order, csr: Uint8Array, signal: AbortSignal): Promise<Order>;
  /** The certificate of a valid order, as often as it is asked for. */
  certificate(
    order: Order,
    options: Pick<Completion, "preferredIssuer">,
    signal: AbortSignal,
  ): Promise<CertificateChain>;
  /** All that is left to do for an order: authorize, finalize, wait, download. */
  complete(order: Order, completion: Completion, signal: AbortSignal): Promise<CertificateChain>;
  /** @param reason of RFC 5280 section 5.3.1: 1 key compromised, 4 superseded, 5 no longer in use */
  revoke(certificate: X509Certificate, reason: number, signal: AbortSignal): Promise<void>;
  /** From now on the authority takes `key` for this account; open the account again with it. */
  changeKey(key: string | KeyObject, signal: AbortSignal): Promise<void>;
  /** Ends the account for good. */
  deactivate(signal: AbortSignal): Promise<void>;
}

export interface AccountDeps {
  send: SendSigned;
  directory: Directory;
  key: KeyObject;
  patience: Patience;
}

const accountSchema = z.object({ status: z.string(), contact: z.array(z.string()).optional() });

/** Finds the account of the key or makes it: RFC 8555 section 7.3 has one request for both. */
export async function openAccount(deps: AccountDeps, options: AccountOptions, signal: AbortSignal): Promise<Account> {
  const { send, directory, key } = deps;
  const { externalAccountBinding: binding, contact, termsOfServiceAgreed } = options;
  const payload = {
    termsOfServiceAgreed,
    ...(contact && { contact }),
    ...(binding && { externalAccountBinding: bindExternalAccount(binding, key, directory.newAccount) }),
  };
  const read = (answer: HttpAnswer) => ({ kid: locationOf(answer), ...readAnswer(accountSchema, answer) });
  const { kid, ...found } = await send({ url: directory.newAccount, payload, read, signal }).catch((error: unknown) => {
    throw explainRefusal(error, binding !== undefined);
  });
  if (found.status !== "valid") throw accountEnded(kid, found.status);
  // An authority that keeps no contacts shows none, and is not told again at each renewal.
  if (contact && found.contact && found.contact.join() !== contact.join())
    await send({ url: kid, kid, payload: { contact }, read: nothing, signal });
  return createAccount(deps, kid);
}

function createAccount({ send, directory, key, patience }: AccountDeps, kid: string): Account {
  const context: AccountContext = {
    send: (request) => send({ ...request, kid }),
    directory,
    thumbprint: thumbprint(key),
    patience,
  };
  const account: Account = {
    url: kid,
    newOrder: (options, signal) => newOrder(context, options, signal),
    resumeOrder: (url, signal) => resumeOrder(context, url, signal),
    authorize: (order, challenges, signal) => authorize(context, order, challenges, signal),
    finalize: (order, csr, signal) => finalize(context, order, csr, signal),
    certificate: (order, options, signal) => fetchChain(context, order, options.preferredIssuer, signal),
    complete: (order, completion, signal) => complete(context, order, completion, signal),
    revoke: (certificate, reason, signal) => revoke(context, certificate, reason, signal),
    changeKey: async (newKey, signal) => {
      const url = offered(directory, "keyChange");
      const inner = signJws(
        readAccountKey(newKey),
        { jwk: publicJwk(readAccountKey(newKey)), url },
        {
          account: kid,
          oldKey: publicJwk(key),
        },
      );
      await context.send({ url, payload: inner, read: nothing, signal });
    },
    deactivate: async (signal) => {
      await context.send({ url: kid, payload: { status: "deactivated" }, read: nothing, signal });
    },
  };
  return account;
}

async function complete(context: AccountContext, order: Order, completion: Completion, signal: AbortSignal) {
  let current = order;
  if (current.status === "pending") current = await authorize(context, current, completion.challenges, signal);
  if (current.status === "ready") current = await finalize(context, current, completion.csr, signal);
  if (current.status === "processing") current = await settle(context, current, signal);
  return fetchChain(context, current, completion.preferredIssuer, signal);
}

async function revoke(
  { send, directory }: AccountContext,
  certificate: X509Certificate,
  reason: number,
  signal: AbortSignal,
) {
  const payload = { certificate: base64url(certificate.raw), reason };
  try {
    await send({ url: offered(directory, "revokeCert"), payload, read: nothing, signal });
  } catch (error) {
    // A request that was repeated after a lost answer finds its work done.
    if (!(error instanceof AcmeError) || error.problem?.type !== "alreadyRevoked") throw error;
  }
}

function offered(directory: Directory, what: "keyChange" | "revokeCert"): string {
  const url = directory[what];
  if (url === undefined) throw unreadable(directory.newAccount, `the directory has no ${what}`);
  return url;
}

/** An account that was ended and a wrong binding are both `unauthorized` to the authority; they are mended differently. */
function explainRefusal(error: unknown, hasBinding: boolean): unknown {
  if (!(error instanceof AcmeError) || error.problem?.type !== "unauthorized") return error;
  if (/deactivated|revoked/i.test(error.problem.detail)) return accountEnded("of this key", "deactivated");
  if (!hasBinding) return error;
  return new AcmeError("ACME_BINDING_REFUSED", error.message, {
    remedy:
      "Check key id and HMAC key of the external account binding, or get new ones from the certificate authority.",
    problem: error.problem,
  });
}

const accountEnded = (url: string, status: string) =>
  new AcmeError("ACME_ACCOUNT_ENDED", `The ACME account ${url} is ${status}.`, {
    remedy: "Remove the file of the account key, so that a new account is made.",
  });
