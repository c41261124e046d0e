import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import type { Log, Producer } from "@appliance/jobs";
import { openLease } from "@appliance/lease";
import { runApart } from "./apart.ts";
import { CONTENT } from "./backup/content-order.ts";
import { createBackupRun, type BackupRunDeps } from "./backup/run-backup.ts";
import type { Config } from "./config.ts";
import type { DrillDeps } from "./drill/drill-target.ts";
import { PROOF } from "./drill/proof-order.ts";
import { createDrill } from "./drill/run-drill.ts";
import { createEscrow } from "./escrow/escrow.ts";
import { createMounts } from "./mounts.ts";
import { createRestore } from "./reading/restore.ts";
import { createUnlock } from "./reading/unlock.ts";
import type { BackupAgentSlice } from "./slice.ts";
import { createTargetStates } from "./targets/target-state.ts";
import { createTargets } from "./targets/targets.ts";
import { createTurns } from "./targets/turns.ts";
import { createVerify } from "./verify/run-verify.ts";

export interface PartsDeps {
  config: Config;
  /** env.yml's part as it is now. @throws OperatorError `SLICE_MISSING` */
  slice: () => Promise<BackupAgentSlice>;
  producer: Producer;
  log: Log;
}

export type Parts = Awaited<ReturnType<typeof createParts>>;

/** Everything that backs up, proves and restores, put together. */
export async function createParts({ config, slice, producer, log }: PartsDeps) {
  const now = () => new Date();
  const run = runCommand;
  const { scratchDir, volatileDir, localTargets: local } = config;
  const mounts = createMounts(producer, log);
  const states = createTargetStates(join(config.stateDir, "targets"), log);
  const targets = createTargets({ slice, run, mounts, turns: createTurns(), now, scratchDir, volatileDir, local });
  const escrow = createEscrow({ stateDir: config.stateDir, now, log });
  const lease = openLease({
    folder: config.leaseDir,
    runsFolder: config.runsDir,
    agent: "backup-agent",
    hostBoot: (await readFile("/proc/sys/kernel/random/boot_id", "utf8")).trim(),
  });
  const makeContent: BackupRunDeps["makeContent"] = (order, context) =>
    runApart(CONTENT, order, { run, ...context, secrets: [...order.sealSecrets] });
  const prove: DrillDeps["prove"] = (order, signal) =>
    runApart(PROOF, order, {
      run,
      signal,
      log,
      secrets: [...order.sealSecrets, ...Object.values(order.vaultKeys ?? {})],
    });
  return {
    lease,
    reading: { slice, states, targets, escrow, reportsDir: config.reportsDir, volatileDir, now, log },
    work: {
      run: createBackupRun({ config, slice, targets, states, lease, makeContent, now }),
      verify: createVerify({ targets, states, now }),
      drill: createDrill({ ...config, slice, targets, states, prove, run, now }),
      restore: createRestore({ targets, volatileDir, now, log }),
      unlock: createUnlock({ targets }),
    },
  };
}
