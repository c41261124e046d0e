import { OperatorError } from "@appliance/errors";
import { failuresIn, type NameFailure, type Problem } from "./problem.ts";

export interface AcmeErrorDetails {
  remedy: string;
  cause?: unknown;
  status?: number;
  problem?: Problem | undefined;
  failures?: NameFailure[];
  retryAt?: Date | undefined;
  limit?: string | undefined;
  orderUrl?: string | undefined;
}

/**
 * A failure of, or on the way to, a certificate authority. Holds what the authority said and never a key.
 * The codes stand in the README.
 */
export class AcmeError extends OperatorError {
  /** The HTTP status of a refusal. */
  readonly status: number | undefined;
  /** The authority's own words. */
  readonly problem: Problem | undefined;
  /** Each name that failed, by itself; empty when the failure is of no single name. */
  readonly failures: readonly NameFailure[];
  /** Before this moment the authority wants no further request of this kind. */
  readonly retryAt: Date | undefined;
  /** The rate limit that was reached, such as `new-certificates-per-exact-set-of-identifiers`, where the authority says which. */
  readonly limit: string | undefined;
  /** The order that is not lost and can be fetched again. */
  readonly orderUrl: string | undefined;

  constructor(code: string, message: string, details: AcmeErrorDetails) {
    super(code, message, { remedy: details.remedy, cause: details.cause });
    this.status = details.status;
    this.problem = details.problem;
    this.failures = details.failures ?? failuresIn(details.problem);
    this.retryAt = details.retryAt;
    this.limit = details.limit;
    this.orderUrl = details.orderUrl;
  }

  /** Whether the same request may succeed a moment later, and the authority did not say when. */
  get isTransient(): boolean {
    return ["ACME_UNREACHABLE", "ACME_SERVER_ERROR", "ACME_ANSWER_UNREADABLE"].includes(this.code);
  }
}

/** An answer that is not what RFC 8555 promises at this point. */
export function unreadable(url: string, why: string): AcmeError {
  return new AcmeError("ACME_ANSWER_UNREADABLE", `${hostOf(url)} gave an answer that is not ACME's: ${why}.`, {
    remedy: "Check the URL of the ACME directory, and that no proxy answers in its place. It is tried again by itself.",
  });
}

/** What a person knows the server by. */
export const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : url);
