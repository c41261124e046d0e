import * as z from "zod";
import { defineJob } from "../contract.ts";
import { HOUR_MS, requestedBy, runId } from "./shared.ts";

/** Creates the application's database where none is. One that exists stays as it is, and `created` is false. */
export const DatabaseCreate = defineJob({
  queue: "config",
  name: "database.create",
  data: z.object({ requestedBy, runId }),
  result: z.object({ created: z.boolean() }),
  attempts: 1,
  timeLimitMs: HOUR_MS,
  owner: "config-agent",
  senders: [],
  http: true,
});
export type DatabaseCreate = z.infer<typeof DatabaseCreate.data>;
