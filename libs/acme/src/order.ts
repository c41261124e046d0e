import { isIP } from "node:net";
import * as z from "zod";
import { AcmeError } from "./acme-error.ts";
import type { AccountContext } from "./account-context.ts";
import type { HttpAnswer } from "./exchange.ts";
import { base64url } from "./jose.ts";
import { poll, type Look } from "./patience.ts";
import { failuresIn, problemSchema } from "./problem.ts";
import { locationOf, readAnswer } from "./read-answer.ts";
import { listFailures } from "./refusal.ts";
import { retryAfter } from "./retry-after.ts";

export interface OrderOptions {
  /** Host names in ASCII, or addresses; the first is not special. */
  names: readonly string[];
  /** One of the directory's `meta.profiles`. */
  profile?: string | undefined;
  /** The `certificateId` of the certificate that the new one replaces; left out where the authority has no renewal information. */
  replaces?: string | undefined;
}

const orderSchema = z.object({
  status: z.enum(["pending", "ready", "processing", "valid", "invalid"]),
  identifiers: z.array(z.object({ type: z.string(), value: z.string() })),
  authorizations: z.array(z.string()),
  finalize: z.string(),
  /** When a pending order ends; an ISO instant. */
  expires: z.string().optional(),
  certificate: z.string().optional(),
  error: problemSchema.optional(),
});

/** An order as the authority last showed it; plain data, of which `url` is all that needs to be kept. */
export type Order = z.infer<typeof orderSchema> & { url: string };

export async function newOrder(context: AccountContext, options: OrderOptions, signal: AbortSignal): Promise<Order> {
  const { send, directory } = context;
  const { names, profile, replaces } = options;
  checkProfile(profile, directory.meta.profiles);
  const payload = {
    identifiers: names.map((value) => ({ type: isIP(value) ? "ip" : "dns", value })),
    ...(profile !== undefined && { profile }),
    ...(replaces !== undefined && directory.renewalInfo !== undefined && { replaces }),
  };
  const read = (answer: HttpAnswer) => ({ ...readAnswer(orderSchema, answer), url: locationOf(answer) });
  return send({ url: directory.newOrder, payload, read, repeatable: false, signal });
}

function checkProfile(profile: string | undefined, offered: Record<string, string> = {}): void {
  if (profile === undefined || Object.hasOwn(offered, profile)) return;
  const names = Object.keys(offered);
  throw new AcmeError("ACME_PROFILE_UNKNOWN", `The certificate authority has no profile '${profile}'.`, {
    remedy: names.length > 0 ? `Choose one of: ${names.join(", ")}.` : "Remove the profile: this authority has none.",
  });
}

export async function resumeOrder(context: AccountContext, url: string, signal: AbortSignal): Promise<Order> {
  try {
    return (await lookAtOrder(context, url, signal)).value;
  } catch (error) {
    if (!(error instanceof AcmeError) || !isGone(error)) throw error;
    throw new AcmeError("ACME_ORDER_GONE", `The certificate authority no longer knows the order ${url}.`, {
      remedy: "Nothing needs to be done: the certificate is ordered again.",
      cause: error,
    });
  }
}

/** Forgotten, or of an account from before. */
const isGone = ({ status, problem }: AcmeError) => status === 404 || problem?.type === "unauthorized";

export async function finalize(
  context: AccountContext,
  order: Order,
  csr: Uint8Array,
  signal: AbortSignal,
): Promise<Order> {
  try {
    const read = (answer: HttpAnswer) => toLook(answer, order.url, context);
    const first = await context.send({ url: order.finalize, payload: { csr: base64url(csr) }, read, signal });
    return await settleFrom(context, first, signal);
  } catch (error) {
    // A request that was repeated after a lost answer finds the order on its way.
    if (!(error instanceof AcmeError) || error.problem?.type !== "orderNotReady") throw error;
    return settle(context, order, signal);
  }
}

/** Waits until the order leaves `ready` and `processing`. */
export async function settle(context: AccountContext, order: Order, signal: AbortSignal): Promise<Order> {
  return settleFrom(context, await lookAtOrder(context, order.url, signal), signal);
}

async function settleFrom(context: AccountContext, first: Look<Order>, signal: AbortSignal): Promise<Order> {
  return pollOrder(context, first, ({ status }) => status !== "ready" && status !== "processing", signal);
}

/** Waits until the authority has seen that all its authorizations are decided. */
export async function whenDecided(context: AccountContext, order: Order, signal: AbortSignal): Promise<Order> {
  const first = await lookAtOrder(context, order.url, signal);
  return pollOrder(context, first, ({ status }) => status !== "pending", signal);
}

async function pollOrder(
  context: AccountContext,
  first: Look<Order>,
  isDone: (order: Order) => boolean,
  signal: AbortSignal,
) {
  const { patience } = context;
  const look = () => lookAtOrder(context, first.value.url, signal);
  const { value: order, retryAt } = await poll(first, look, { isDone, signal, patience });
  if (order.status === "invalid" || !isDone(order)) throw undelivered(order, retryAt);
  return order;
}

async function lookAtOrder(context: AccountContext, url: string, signal: AbortSignal): Promise<Look<Order>> {
  return context.send({ url, payload: "", read: (answer) => toLook(answer, url, context), signal });
}

function toLook(answer: HttpAnswer, url: string, { patience }: AccountContext): Look<Order> {
  const value = { ...readAnswer(orderSchema, answer), url };
  return { value, retryAt: retryAfter(answer.headers, patience.now()) };
}

/** Why there is no certificate. */
export function undelivered(order: Order, retryAt?: Date): AcmeError {
  return order.status === "invalid" ? orderFailed(order) : orderStuck(order, retryAt);
}

function orderFailed({ url, error: problem }: Order): AcmeError {
  const names = listFailures(failuresIn(problem));
  const detail = [problem?.detail, names].filter(Boolean).join(": ") || "it gives no reason";
  return new AcmeError("ACME_ORDER_FAILED", `The certificate authority ended the order: ${detail}.`, {
    remedy: "Mend what the certificate authority says. The certificate is ordered again by itself.",
    problem,
    orderUrl: url,
  });
}

const orderStuck = ({ url, status }: Order, retryAt: Date | undefined) =>
  new AcmeError("ACME_ORDER_STUCK", `The certificate authority has not decided the order; it is still ${status}.`, {
    remedy: "Nothing needs to be done: the same order is asked for again later.",
    retryAt,
    orderUrl: url,
  });
