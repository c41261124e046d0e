import * as z from "zod";
import { defineJob } from "../contract.ts";
import { Change } from "./config.ts";
import { MINUTE_MS, requestedBy, runId } from "./shared.ts";

/** Finds env.yml, checks it and makes it the active one, without carrying it out: that is for the next apply. */
export const EnvUpdate = defineJob({
  queue: "config",
  name: "env.update",
  data: z.object({ requestedBy, runId }),
  result: z.object({
    source: z.string(),
    sha256: z.string(),
    /** SHA-256 of the one that was active before; null where none was. */
    before: z.string().nullable(),
    /** What differs from it, secrets redacted. */
    changes: z.array(Change),
    /** Where env.yml was looked for before, and why it was not taken from there. */
    passedOver: z.array(z.object({ source: z.string(), reason: z.string() })),
    /** One a line, with file, line and column. */
    warnings: z.array(z.string()),
  }),
  attempts: 1,
  timeLimitMs: 15 * MINUTE_MS,
  owner: "config-agent",
  senders: [],
  http: true,
});
export type EnvUpdate = z.infer<typeof EnvUpdate.data>;
