import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Agent, request as startRequest } from "node:https";
import { AcmeError, hostOf, unreadable } from "./acme-error.ts";

export interface HttpRequest {
  method: "GET" | "HEAD" | "POST";
  url: string;
  /** Of a POST, a JWS as JSON. */
  body?: string;
  accept?: string;
  signal: AbortSignal;
}

/** An answer of any status, read whole. */
export interface HttpAnswer {
  url: string;
  status: number;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

/**
 * One HTTPS request and its whole answer.
 * @throws OperatorError `ACME_UNREACHABLE`, `ACME_UNTRUSTED`, `ACME_ANSWER_UNREADABLE`; the reason of `signal` once it aborts
 */
export type Exchange = (request: HttpRequest) => Promise<HttpAnswer>;

export interface ExchangeOptions {
  /** PEM of the certificates to trust in place of the usual authorities: a test's, or a company's own. */
  ca?: string | undefined;
  userAgent: string;
  /** From the first byte sent to the last one received. */
  timeoutMs: number;
}

const LONGEST_ANSWER = 1024 * 1024;
const MOST_CONNECTIONS = 4;
const IDLE_MS = 5000;
const MOST_REDIRECTS = 3;
/** Node tries the next address of a name after 250 ms, which a slow line never makes; where IPv6 is dead this is the wait. */
const NEXT_ADDRESS_MS = 3000;

/** `fetch` takes no certificate authority of its own, so that this is `node:https`. */
export function createExchange({ ca, userAgent, timeoutMs }: ExchangeOptions): Exchange {
  const trusted = ca === undefined ? {} : { ca };
  const agent = new Agent({ ...trusted, keepAlive: true, timeout: IDLE_MS, maxSockets: MOST_CONNECTIONS });
  const exchange = async (request: HttpRequest) => {
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      return await followed((url) => once({ ...request, url }, agent, userAgent, limit), request);
    } catch (cause) {
      request.signal.throwIfAborted();
      if (limit.aborted) throw unreachable(request.url, `no whole answer within ${timeoutMs / 1000} s`);
      throw cause instanceof AcmeError ? cause : unreachableBy(request.url, cause);
    }
  };
  return exchange;
}

/** Follows a GET to where the authority has moved; a POST is signed for one URL. */
async function followed(ask: (url: string) => Promise<HttpAnswer>, { method, url }: HttpRequest): Promise<HttpAnswer> {
  let answer = await ask(url);
  if (method !== "GET") return answer;
  for (let moves = 0; isRedirect(answer) && moves < MOST_REDIRECTS; moves += 1)
    answer = await ask(new URL(answer.headers.location ?? "", answer.url).href);
  return answer;
}

const isRedirect = ({ status, headers }: HttpAnswer) =>
  status >= 300 && status < 400 && URL.canParse(headers.location ?? "", "https://base.invalid");

async function once(request: HttpRequest, agent: Agent, userAgent: string, limit: AbortSignal): Promise<HttpAnswer> {
  const { method, url, body, accept = "application/json" } = request;
  const headers = {
    "user-agent": userAgent,
    accept,
    ...(body === undefined
      ? {}
      : { "content-type": "application/jose+json", "content-length": Buffer.byteLength(body) }),
  };
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const signal = AbortSignal.any([request.signal, limit]);
  const options = { method, agent, headers, signal, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS };
  const outgoing = startRequest(
    secureUrl(url),
    options,
    (incoming) => void readWhole(incoming, url).then(resolve, reject),
  );
  outgoing.on("error", reject);
  outgoing.end(body);
  return promise;
}

async function readWhole(incoming: IncomingMessage, url: string): Promise<HttpAnswer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > LONGEST_ANSWER) throw unreadable(url, "it is longer than 1 MiB");
  }
  return { url, status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) };
}

/** RFC 8555 section 6.1 has HTTPS alone; the authority's own links are held to it too. */
function secureUrl(url: string): URL {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed?.protocol === "https:") return parsed;
  throw new AcmeError("ACME_URL_INVALID", `'${url.slice(0, 200)}' is no https URL.`, {
    remedy: "Correct the URL of the ACME directory; it begins with https://.",
  });
}

function unreachable(url: string, why: string, cause?: unknown): AcmeError {
  return new AcmeError("ACME_UNREACHABLE", `The certificate authority at ${hostOf(url)} cannot be reached: ${why}.`, {
    remedy: "Check that this host reaches the internet and that DNS answers. It is tried again by itself.",
    cause,
  });
}

function unreachableBy(url: string, cause: unknown): AcmeError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "connection lost";
  if (code.startsWith("HPE_")) return unreadable(url, "it is no HTTP");
  if (!/CERT|SIGNATURE|SELF_SIGNED/.test(code)) return unreachable(url, code, cause);
  return new AcmeError("ACME_UNTRUSTED", `The connection to ${hostOf(url)} is not trusted: ${code}.`, {
    remedy: "Check the date of this host, and that no proxy answers in place of the certificate authority.",
    cause,
  });
}
