import * as z from "zod";

export const FailureBody = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

export const Job = z.object({
  id: z.string(),
  queue: z.string(),
  name: z.string(),
  state: z.enum(["waiting", "active", "completed", "failed"]),
  progress: z.unknown(),
  result: z.unknown(),
  failure: FailureBody.nullable(),
  enqueuedAt: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
});
export type Job = z.infer<typeof Job>;
