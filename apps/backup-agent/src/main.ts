import { mkdir } from "node:fs/promises";
import { createLog, parseAgentConfig, runAgent, startAgent, watchSlice } from "@appliance/agent";
import { createProducer } from "@appliance/jobs";
import { CONTENT_PROCESS, runContentProcess } from "./backup/content-process.ts";
import { toConfig, Variables } from "./config.ts";
import { endDeadRun } from "./dead-run.ts";
import { backupJobs } from "./jobs.ts";
import { createParts } from "./parts.ts";
import { readingRoutes } from "./reading/reading-routes.ts";
import { schedulesOf } from "./schedules.ts";
import { BackupAgentSlice, readSlice, secretsIn, sliceMissing } from "./slice.ts";

/** Work of one call that needs the same image: an agent keeps its memory, and a host to be recovered has no agent. */
const CALLS: Readonly<Record<string, () => Promise<void>>> = {
  [CONTENT_PROCESS]: runContentProcess,
};

const call = CALLS[process.argv[2] ?? ""];
if (call) await call();
else await runAgent(start);

async function start() {
  const { variables, ...shared } = parseAgentConfig("backup-agent", process.env, Variables);
  const config = toConfig(variables);
  let secrets = (): string[] => [];
  const log = createLog({ config: shared, secrets: () => secrets() });
  for (const folder of [config.scratchDir, config.volatileDir]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const slice = await watchSlice({ dir: shared.sliceDir, schema: BackupAgentSlice, log });
  secrets = () => secretsIn(slice.current());

  const producer = createProducer({ connection: shared.queue, agent: shared.name, log });
  const parts = await createParts({ config, slice: () => readSlice(shared.sliceDir), producer, log });
  await endDeadRun(parts.lease, log);
  const agent = await startAgent({
    config: shared,
    version: config.version,
    log,
    producer,
    jobs: backupJobs(parts.work),
    // A run takes hours, and whoever asks for a file meanwhile, or after a lock, is not to wait for it.
    concurrency: { backup: 4 },
    schedules() {
      const current = slice.current();
      if (!current) throw sliceMissing(); // what stands in the queue stays: nothing is known against it
      return schedulesOf(current);
    },
    routes: readingRoutes(parts.reading),
    ready: () => slice.ready(),
    onClose: () => slice.close(),
  });
  slice.onChange(() => void agent.reconcileSchedules());
  return agent;
}
