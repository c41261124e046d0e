/** The smallest agent there can be, for tests of the process itself and for measuring what an agent costs. */
import { createProducer, defineJob, handle } from "@appliance/jobs";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { combineReady, createLog, parseAgentConfig, runAgent, startAgent, watchSlice } from "../src/index.ts";

export const Tiny = defineJob({
  queue: "containers",
  name: "test.tiny",
  data: z.object({ takesMs: z.number().default(0), runId: z.string().optional() }),
  result: z.object({ took: z.number() }),
  attempts: 1,
  timeLimitMs: 60_000,
  owner: "update-agent",
  senders: [],
  http: true,
});

await runAgent(async () => {
  const config = parseAgentConfig("update-agent", process.env);
  const log = createLog({ config });
  const producer = createProducer({ connection: config.queue, agent: config.name, log });
  const slice = await watchSlice({ dir: config.sliceDir, schema: z.object({ timeZone: z.string() }), log });
  const tiny = handle(Tiny, async ({ takesMs }, { signal }) => {
    await sleep(takesMs, undefined, { signal });
    return { took: takesMs };
  });
  return startAgent({
    config,
    version: "0.0.0",
    log,
    producer,
    jobs: [tiny],
    ready: () => combineReady([slice.ready]),
    onClose: () => slice.close(),
  });
});
