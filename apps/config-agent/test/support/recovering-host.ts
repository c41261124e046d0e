import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRootFolderHost } from "@appliance/host";
import type { BackupProgress, Container, Recovered } from "@appliance/jobs";
import { openLease } from "@appliance/lease";
import { step, type Capability } from "../../src/capability.ts";
import type { Containers, RecoveryChoice } from "../../src/containers.ts";
import type { Database } from "../../src/database/database.ts";
import { toEnvSource } from "../../src/env-source.ts";
import { createLifecycle, type LifecycleDeps } from "../../src/lifecycle.ts";
import { createActiveEnv } from "../../src/active-env.ts";
import { createPulledData } from "../../src/recovery/pulled-data.ts";
import { createRecoveryRecords } from "../../src/recovery/recovery-record.ts";
import { createRootFiles } from "../../src/root-files.ts";
import { createFailureFile } from "../../src/status/failure.ts";
import { createStatus } from "../../src/status/status.ts";

export const RESTORED: Recovered = {
  target: "main",
  point: { id: "full-1", at: "2026-11-22T00:30:00Z", kind: "full" },
  files: 4,
  bytes: 100,
  tables: 2,
  rows: 9,
  comparedWith: "manifest",
  seconds: 61,
};

const QUIET = { debug() {}, info() {}, warn() {}, error() {} };
const FOLDERS = ["lease", "runs", "status"].map((name) => `var/lib/appliance/${name}`);

/** What update-agent does when it is asked to recover. */
type Restore = (order: { signal: AbortSignal; progress: (progress: BackupProgress) => void }) => Promise<Recovered>;

/**
 * config-agent on a bare host below a folder: its files, lease, records and status are real, the parts of its apply and what other
 * programs do are written into a diary instead.
 */
export async function recoveringHost() {
  const root = mkdtempSync(join(tmpdir(), "recovering-"));
  for (const folder of [...FOLDERS, "run/appliance", "data/etc/tags", "data/ecs-storage-vault", "app"])
    mkdirSync(join(root, folder), { recursive: true });
  const diary: string[] = [];
  const asked = {
    standby: false,
    pull: false,
    replaced: false,
    tables: false,
    restore: (async () => RESTORED) as Restore,
  };
  const files = createRootFiles(root);
  const now = () => new Date();
  const part = (name: string): Capability => ({
    name,
    title: `Doing ${name}`,
    plan: async () => [step({ capability: name, summary: `do ${name}` })],
    apply: async () => void diary.push(name),
  });
  const names = ["storage", "certificates", "database-server", "database", "backup-agent", "application"];
  const start = async (): Promise<LifecycleDeps> => ({
    host: createRootFolderHost({ root }),
    files,
    finder: { find: async () => toEnvSource("/app/env.yml", envYml(asked)), passedOver: () => [] },
    activeEnv: createActiveEnv(files),
    capabilities: names.map(part),
    containers: fakeContainers(diary, asked),
    database: fakeDatabase(asked),
    failure: createFailureFile(files, now),
    status: await createStatus(files, now),
    lease: openLease({
      folder: join(root, "var/lib/appliance/lease"),
      runsFolder: join(root, "var/lib/appliance/runs"),
      agent: "config-agent",
      hostBoot: "boot-1",
    }),
    log: QUIET,
    answers: async () => false,
    onEnv: () => {},
    recoveries: createRecoveryRecords(files, now),
    pulled: createPulledData(files),
    orderFirstBackup: async () => void diary.push("order a backup"),
  });
  const deps = await start();
  const progress: BackupProgress[] = [];
  const order = { requestedBy: "cli", target: null, at: null, onlyRestore: false, pull: false };
  return {
    root,
    asked,
    diary,
    deps,
    progress,
    /** Delivers the job as the worker does. */
    recover: (
      data: Partial<typeof order> = {},
      id = "cli-1",
      signal = new AbortController().signal,
      enqueuedAt = new Date(),
    ) =>
      createLifecycle(deps).recover(
        { ...order, ...data },
        { id, signal, enqueuedAt, progress: (told) => void progress.push(told) },
      ),
    apply: (id = "boot-1") =>
      createLifecycle(deps).apply(
        { requestedBy: "config-agent", reason: "boot", dryRun: false, start: false, forceStorage: [] },
        { id, signal: new AbortController().signal, progress: () => {} },
      ),
    remove: () => rmSync(root, { recursive: true }),
  };
}

function envYml({ standby, pull }: { standby: boolean; pull: boolean }): Buffer {
  const env = {
    appliance: { domain: "ecs.example", standby, backup: { pull } },
    ecs: { git: { source: "builtin:sample" } },
  };
  return Buffer.from(`#cloud-config\n${JSON.stringify(env)}\n`);
}

function fakeContainers(diary: string[], asked: { restore: Restore; replaced: boolean }): Containers {
  const running = [{ project: "core", service: "cert-agent", state: "running" }] as Container[];
  return {
    observe: async () => running,
    stop: async (_project: string, services: readonly string[]) => void diary.push(`stop ${services.join(", ")}`),
    recover: (
      { replace }: RecoveryChoice,
      { signal }: { signal: AbortSignal },
      progress: (told: BackupProgress) => void,
    ) => {
      diary.push("restore");
      asked.replaced = replace;
      return asked.restore({ signal, progress });
    },
  } as unknown as Containers;
}

function fakeDatabase(asked: { tables: boolean }): Database {
  return {
    waitUntilReady: async () => {},
    holdsTables: async () => asked.tables,
    observe: async () => ({ exists: false, roleExists: false, verifier: null, statistics: false, backupRole: false }),
  } as unknown as Database;
}
