import { randomBytes } from "node:crypto";
import * as z from "zod";

/** The runs that change the host and exclude each other. */
export const RunKind = z.enum(["apply", "update", "backup", "restore"]);
export type RunKind = z.infer<typeof RunKind>;

/** Also a file name, hence no `/` and no dot in front. */
export const RunId = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/);

const Timestamp = z.iso.datetime();

export const RunStep = z.object({
  name: z.string(),
  startedAt: Timestamp,
  /** Missing while it is under way, or when the agent died in it. */
  finishedAt: Timestamp.optional(),
  /** What is worth knowing of it, for people. Never a secret. */
  note: z.string().optional(),
});
export type RunStep = z.infer<typeof RunStep>;

export const RunRecord = z.object({
  id: RunId,
  kind: RunKind,
  agent: z.string(),
  startedAt: Timestamp,
  /** When an agent went on with it after it had died or the host had rebooted. */
  resumedAt: z.array(Timestamp).default([]),
  finishedAt: Timestamp.optional(),
  /** `abandoned`: the agent died in it and a later run made it superfluous. */
  state: z.enum(["running", "succeeded", "failed", "abandoned"]),
  steps: z.array(RunStep),
  failure: z.object({ code: z.string(), message: z.string(), remedy: z.string() }).optional(),
});
export type RunRecord = z.infer<typeof RunRecord>;

/** A new id that sorts by time and says what it was, such as `apply-20261122T195100Z-4f2a`. */
export function newRunId(kind: RunKind, now: Date): string {
  const time = now.toISOString().replace(/[-:]|\.\d+/g, "");
  return `${kind}-${time}-${randomBytes(2).toString("hex")}`;
}
