import { mkdir } from "node:fs/promises";
import { createLog, parseAgentConfig, runAgent, startAgent, watchSlice } from "@appliance/agent";
import { runCommand } from "@appliance/command";
import { createProducer } from "@appliance/jobs";
import { startCatchUp } from "./backup/catch-up.ts";
import { CONTENT } from "./backup/content-order.ts";
import { runContentProcess } from "./backup/content-process.ts";
import { toConfig, Variables } from "./config.ts";
import { endDeadRun } from "./dead-run.ts";
import { clearDrills } from "./drill/drill-folder.ts";
import { PROOF } from "./drill/proof-order.ts";
import { runProofProcess } from "./drill/proof-process.ts";
import { backupJobs } from "./jobs.ts";
import { backupMetrics } from "./metrics.ts";
import { createParts } from "./parts.ts";
import { readingRoutes } from "./reading/reading-routes.ts";
import { schedulesOf } from "./schedules.ts";
import { BackupAgentSlice, readSlice, secretsIn, sliceMissing } from "./slice.ts";

/** Work of one call that needs the same image: an agent keeps its memory, and a host to be recovered has no agent. */
const CALLS: Readonly<Record<string, () => Promise<void>>> = {
  [CONTENT.argument]: runContentProcess,
  [PROOF.argument]: runProofProcess,
  recover: async () =>
    (await import("./recovery/compose-command.ts")).runRecoverCommand(process.argv.slice(3), process.env),
  prove: async () => (await import("./escrow/prove-call.ts")).runProve(),
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
  // What a killed drill restored may be as large as everything, and the next one comes in a week.
  clearDrills(config.volatileDir, runCommand).catch((err: unknown) => log.error({ err }, "a drill's rest stays"));
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
    metrics: backupMetrics(parts.reading),
    ready: () => slice.ready(),
    onClose() {
      slice.close();
      missed.close();
    },
  });
  const missed = startCatchUp({ ...parts.reading, lease: parts.lease, slice: () => slice.current(), producer });
  // The days since env.yml changed count from its change, and not from when somebody asks for them.
  const noteEnv = async () => {
    const current = slice.current();
    if (current) await parts.reading.escrow.see(current.envFingerprint);
  };
  const onSlice = () => noteEnv().catch((err: unknown) => log.error({ err }, "a change of env.yml was not noted"));
  slice.onChange(() => {
    void agent.reconcileSchedules();
    void onSlice();
  });
  void onSlice();
  return agent;
}
