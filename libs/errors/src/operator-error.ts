/** What an operator is shown of a failure. Alerts and runbooks match on `code`, people read `message` and then `remedy`. */
export interface Failure {
  /** Stable, UPPER_SNAKE_CASE, named in docs; never reused for another cause. */
  code: string;
  /** One sentence: what failed, with the value. Never a secret, never a stack trace. */
  message: string;
  /** What to do next, as an instruction. */
  remedy: string;
}

/** An expected failure: one that the operator can understand and mend. Everything else is a bug and becomes `INTERNAL`. */
export class OperatorError extends Error implements Failure {
  override readonly name = "OperatorError";
  readonly code: string;
  readonly remedy: string;

  constructor(code: string, message: string, options: { remedy: string; cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.remedy = options.remedy;
  }
}

/**
 * The failure that any thrown value stands for. An unexpected error keeps its message out of sight, because it may hold a
 * path, a query or a secret: it is in the agent's log, to which the remedy points.
 */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof OperatorError) return { code: thrown.code, message: thrown.message, remedy: thrown.remedy };
  return {
    code: "INTERNAL",
    message: "An unexpected error stopped the work.",
    remedy: "Read its details with `appliance logs`, then try again; if it stays, report it with those lines.",
  };
}

/**
 * Whether work under `signal` was cut off and goes on later, in this process or the next. An `OperatorError` as the reason of
 * the abort, such as a time limit, is no interruption but a failure.
 */
export function isInterrupted({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof OperatorError);
}

/** True for a Node system error with one of these codes, such as `ENOENT`. */
export function isSystemError(thrown: unknown, ...codes: string[]): thrown is NodeJS.ErrnoException {
  return thrown instanceof Error && "code" in thrown && codes.includes(String(thrown.code));
}
