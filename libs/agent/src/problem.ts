import { OperatorError, toFailure, type Failure } from "@appliance/errors";

/** An answer that says what is wrong, in the words of RFC 9457's media type and our own three members. */
export interface Problem {
  status: number;
  body: Failure;
}

const STATUS: Record<string, number> = {
  TOKEN_REQUIRED: 401,
  NOT_FOUND: 404,
  JOB_UNKNOWN: 404,
};

/** The answer for whatever a handler threw. Anything unexpected becomes a bare 500: its details are in the log alone. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof OperatorError) return { status: statusOf(thrown.code), body: toFailure(thrown) };
  const refused = refusalByFastify(thrown);
  return refused ?? { status: 500, body: toFailure(thrown) };
}

/** By the ending of the code where it tells; any other failure is one of the state that things are in. */
function statusOf(code: string): number {
  if (code.endsWith("_INVALID")) return 400;
  if (code.endsWith("_UNAVAILABLE")) return 503;
  return STATUS[code] ?? 409;
}

/** Fastify's own errors about a request (no JSON, too large, …) carry a 4xx status and a text without secrets. */
function refusalByFastify(thrown: unknown): Problem | undefined {
  if (!(thrown instanceof Error) || !("statusCode" in thrown)) return undefined;
  const status = Number(thrown.statusCode);
  if (!(status >= 400 && status < 500)) return undefined;
  return { status, body: { code: "REQUEST_INVALID", message: thrown.message, remedy: SEE_OPENAPI } };
}

export const SEE_OPENAPI = "See /openapi.json for what this agent understands.";
