import * as z from "zod";

export const SECOND_MS = 1000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;

/** The run (apply, update, …) that caused a job. The job takes no host lease: its run holds it. */
export const runId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/)
  .optional();

/** Who asked, for the log and the run record: `cli`, `boot`, an agent or an operator's name. */
export const requestedBy = z.string().min(1).max(64);

/** The result of work that either ends or fails and has nothing to tell. */
export const nothing = z.object({});
