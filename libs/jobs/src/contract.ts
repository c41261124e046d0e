import * as z from "zod";

/** Every agent, by the name that its container, its Redis user and its folders below `secrets/` and `slices/` have. */
export const AGENTS = ["config-agent", "update-agent", "cert-agent", "backup-agent"] as const;
export type AgentName = (typeof AGENTS)[number];

export const QUEUES = ["config", "host", "containers", "cert", "backup"] as const;
export type QueueName = (typeof QUEUES)[number];

/** What one kind of job is: where it goes, what it carries and brings back, how long it may take, who may send it. */
export interface JobContract<
  Data extends z.ZodType = z.ZodType,
  Result extends z.ZodType = z.ZodType,
  Progress extends z.ZodType = z.ZodType,
> {
  readonly queue: QueueName;
  /** `area.verb`, the same word in CLI, HTTP, metrics and logs. */
  readonly name: string;
  /** Unknown keys are dropped, so that a newer sender can talk to an older agent. Never a secret: Redis keeps it in clear. */
  readonly data: Data;
  readonly result: Result;
  readonly progress: Progress;
  /** How often the work is tried when it fails. A worker that dies does not count: its job is always taken up again. */
  readonly attempts: number;
  /** How long one attempt may take, in milliseconds. */
  readonly timeLimitMs: number;
  /** The agent that does the work. */
  readonly owner: AgentName;
  /** The agents that may ask for it; the Redis users are generated from this. The owner always may. */
  readonly senders: readonly AgentName[];
  /** Whether the owner's HTTP API takes it too, for the command line. */
  readonly http: boolean;
  /** Codes of failures that time mends, such as an unreachable mirror. Any other `OperatorError` is final at once. */
  readonly retryOn: readonly string[];
}

const NO_PROGRESS = z.never();

type Optional = "http" | "retryOn" | "progress";
type Declaration<D extends z.ZodType, R extends z.ZodType, P extends z.ZodType> = Omit<JobContract<D, R, P>, Optional> &
  Partial<Pick<JobContract<D, R, P>, Optional>>;

/** A contract with its defaults: no HTTP, no failure worth a retry, no progress. */
export function defineJob<D extends z.ZodType, R extends z.ZodType, P extends z.ZodType = z.ZodNever>(
  declared: Declaration<D, R, P>,
): JobContract<D, R, P> {
  const { progress = NO_PROGRESS as z.ZodType as P, http = false, retryOn = [] } = declared;
  return { ...declared, progress, http, retryOn };
}

/** What a sender writes: keys with a default may be left out. */
export type DataInput<C extends JobContract> = z.input<C["data"]>;
/** What the worker reads: every default filled in. */
export type DataOf<C extends JobContract> = z.output<C["data"]>;
export type ResultOf<C extends JobContract> = z.output<C["result"]>;
export type ProgressOf<C extends JobContract> = z.output<C["progress"]>;
