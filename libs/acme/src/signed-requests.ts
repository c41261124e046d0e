import type { KeyObject } from "node:crypto";
import { unreadable } from "./acme-error.ts";
import type { Exchange, HttpAnswer } from "./exchange.ts";
import { publicJwk, signJws } from "./jose.ts";
import { patiently, pause, type Patience } from "./patience.ts";
import { readProblem } from "./problem.ts";
import { refusal } from "./refusal.ts";

export interface SignedRequest<T> {
  url: string;
  /** What is sent as JSON; "" asks for the resource itself (POST-as-GET, RFC 8555 section 6.3). */
  payload: unknown;
  /** The account URL. Without it the request carries the public key itself, as for a new account. */
  kid?: string | undefined;
  accept?: string;
  /** Takes what it needs from the answer of success. What it finds unreadable may be so for a moment only. */
  read: (answer: HttpAnswer) => T;
  /** False for what must not be done twice: after a cut connection it is not sent again. */
  repeatable?: boolean;
  signal: AbortSignal;
}

/**
 * Sends a signed POST and gives what was read from the answer of success.
 * @throws OperatorError as `Exchange`, `refusal` and `read`
 */
export type SendSigned = <T>(request: SignedRequest<T>) => Promise<T>;

/** For requests of which it counts only that they succeeded. */
export const nothing = (): undefined => undefined;

const MOST_NONCES = 10;
/** So many rejections in a row are bad luck; after them the requests come slower, so as not to storm a sick authority. */
const UNLUCKY_REJECTIONS = 8;
const LONGEST_NONCE_PAUSE_MS = 200;

/**
 * Signed requests with one key. A rejected nonce is no failure but asks for the next one (RFC 8555 section 6.5), as long as the
 * caller's signal lets it: a limit on the count would turn an authority's bad day into a failed renewal.
 */
export function createSignedRequests(deps: {
  exchange: Exchange;
  newNonceUrl: string;
  key: KeyObject;
  patience: Patience;
}): SendSigned {
  const { exchange, newNonceUrl, key, patience } = deps;
  const nonces: string[] = [];
  const keepNonce = ({ headers }: HttpAnswer) => {
    const nonce = String(headers["replay-nonce"] ?? "");
    if (/^[\w-]+$/.test(nonce) && nonces.length < MOST_NONCES) nonces.push(nonce);
  };
  const takeNonce = async (signal: AbortSignal) => {
    if (nonces.length === 0)
      keepNonce(await succeeded(exchange({ method: "HEAD", url: newNonceUrl, signal }), patience));
    const nonce = nonces.pop();
    if (nonce === undefined) throw unreadable(newNonceUrl, "it has no nonce");
    return nonce;
  };
  const post = async ({ url, payload, kid, signal, accept = "application/json" }: SignedRequest<unknown>) => {
    const sender = kid === undefined ? { jwk: publicJwk(key) } : { kid };
    const jws = signJws(key, { ...sender, nonce: await takeNonce(signal), url }, payload);
    const answer = await exchange({ method: "POST", url, body: JSON.stringify(jws), accept, signal });
    keepNonce(answer);
    return answer;
  };
  const postUntilNonceFits = async (request: SignedRequest<unknown>) => {
    for (let rejections = 0; ; rejections += 1) {
      const answer = await post(request);
      if (!isBadNonce(answer)) return answer;
      await pause(Math.min((rejections - UNLUCKY_REJECTIONS) * 10, LONGEST_NONCE_PAUSE_MS), request.signal);
    }
  };
  return (request) =>
    patiently(async () => request.read(await succeeded(postUntilNonceFits(request), patience)), {
      repeatable: request.repeatable ?? true,
      signal: request.signal,
      patience,
    });
}

/** The answer, or the error that it stands for. */
export async function succeeded(sent: Promise<HttpAnswer>, { now }: Patience): Promise<HttpAnswer> {
  const answer = await sent;
  if (answer.status >= 400) throw refusal(answer, now());
  if (answer.status >= 300) throw unreadable(answer.url, `status ${answer.status}, which leads elsewhere`);
  return answer;
}

const isBadNonce = ({ status, body }: HttpAnswer) => status === 400 && readProblem(body)?.type === "badNonce";
