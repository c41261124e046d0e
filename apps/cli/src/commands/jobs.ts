import * as z from "zod";
import type { Context } from "../context.ts";
import { formatTime } from "../terminal.ts";

const Jobs = z.array(
  z.object({
    id: z.string(),
    name: z.string(),
    state: z.string(),
    enqueuedAt: z.string(),
    failure: z.object({ message: z.string() }).nullable(),
  }),
);

/** `appliance jobs`: the last work that config-agent was asked for. */
export async function listJobs(options: { json: boolean }, { api, terminal }: Context): Promise<void> {
  const jobs = Jobs.parse(await api.get("/jobs"));
  if (options.json) return terminal.json(jobs);
  if (jobs.length === 0) return terminal.print("No work was asked for yet.");
  for (const { name, state, enqueuedAt, id, failure } of jobs)
    terminal.print(
      `${formatTime(enqueuedAt)}  ${state.padEnd(9)}  ${name.padEnd(16)}  ${id}${failure ? `  ${failure.message}` : ""}`,
    );
}
