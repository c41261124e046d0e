import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deriveKeys, readReport, type Report } from "@appliance/backup-content";
import type { Point } from "@appliance/backup-engine";
import { runCommand } from "@appliance/command";
import type { BackupDrill, BackupRestore, BackupRun, BackupVerify, DataOf, ResultOf, Work } from "@appliance/jobs";
import { openLease } from "@appliance/lease";
import { makeContent } from "../../src/backup/make-content.ts";
import { createBackupRun } from "../../src/backup/run-backup.ts";
import { DUMPS, VAULT } from "../../src/contents.ts";
import { proveRestored } from "../../src/drill/prove-restored.ts";
import { createDrill } from "../../src/drill/run-drill.ts";
import { SILENT } from "../../src/drill/testing/drill-host.ts";
import { createRestore } from "../../src/reading/restore.ts";
import { describeTree, sliceOf, startTestHost, type TestHost } from "../../src/recovery/testing/test-host.ts";
import { createTargetStates, type TargetState } from "../../src/targets/target-state.ts";
import { createTargets } from "../../src/targets/targets.ts";
import { createTurns } from "../../src/targets/turns.ts";
import { createVerify } from "../../src/verify/run-verify.ts";
import { createClock, runUnderClock, type Clock } from "./engines-under-clock.ts";
import { BACKUP_KEY } from "./running-agent.ts";

/** `main` is kept by duplicity and `copy` by restic, both in folders of this host. */
export type TargetName = "main" | "copy";

/** An appliance whose clock is the test's: its data, its database, and the parts of the agent as `parts.ts` puts them together. */
export interface Nights {
  clock: Clock;
  /** A night's work of the application: documents and a row come, and now and then a document goes or changes. */
  useIt(night: number): Promise<void>;
  backUp(target: TargetName | null): Promise<ResultOf<typeof BackupRun>>;
  verify(target: TargetName, order?: { everything: boolean }): Promise<ResultOf<typeof BackupVerify>>;
  drill(target: TargetName | null): Promise<ResultOf<typeof BackupDrill>>;
  state(target: TargetName): Promise<TargetState>;
  points(target: TargetName): Promise<Point[]>;
  /** Vault and dump as they are. */
  sums(): Map<string, string>;
  /** The same of what a target gives back: the last backup that is not later than `at`, or the last. */
  restoredSums(target: TargetName, at: Date | null): Promise<Map<string, string>>;
  reports(target: TargetName): Promise<Report[]>;
  /** Removes a backup of duplicity as a person does at the target: each file with its ID in the name. */
  removeFromMain(id: string): void;
  /** Takes the disk of a target away, or brings it back. */
  unplug(target: TargetName): void;
  plugIn(target: TargetName): void;
  stop(): Promise<void>;
}

export const ROWS_BEFORE = 1000;

export async function startNights(): Promise<Nights> {
  const host = await startTestHost();
  await makeDatabase(host);
  const data = host.prepareData();
  const clock = createClock();
  const slice = sliceWith(host.folder);
  const parts = createParts(host, data, slice, clock);
  const { reportsDir, states, targets, work } = parts;
  const place = (target: TargetName) => join(host.folder, target);
  return {
    clock,
    useIt: (night) => useIt(host, join(data, VAULT), night),
    backUp: (target) => ask(work.run, { requestedBy, target, full: false, acceptLoss: false }),
    verify: (target, { everything } = { everything: false }) => ask(work.verify, { requestedBy, target, everything }),
    drill: (target) => ask(work.drill, { requestedBy, target }),
    state: (target) => states.read(target),
    async points(name) {
      const [target] = await targets.chosen(name);
      return targets.use(target!, (engine) => engine.list(), AbortSignal.timeout(LONGEST_MS));
    },
    sums: () => sumsOf(data),
    async restoredSums(target, at) {
      const order = { requestedBy, target, paths: [VAULT, DUMPS], at: at?.toISOString() ?? null };
      return sumsOf((await ask(work.restore, order)).folder);
    },
    reports: (target) => readReports(reportsDir, target, slice.sealSecrets),
    removeFromMain(id) {
      for (const name of readdirSync(place("main"))) if (name.includes(id)) rmSync(join(place("main"), name));
    },
    unplug: (target) => renameSync(place(target), `${place(target)}-unplugged`),
    plugIn: (target) => renameSync(`${place(target)}-unplugged`, place(target)),
    stop: () => host.stop(),
  };
}

const requestedBy = "a test";
const LONGEST_MS = 200_000;
let asked = 0;

function ask<C extends typeof BackupRun | typeof BackupVerify | typeof BackupDrill | typeof BackupRestore>(
  work: Work<C>,
  data: DataOf<C>,
): Promise<ResultOf<C>> {
  const signal = AbortSignal.timeout(LONGEST_MS);
  return work(data, {
    id: `run-${asked++}`,
    enqueuedAt: new Date(),
    attempt: 1,
    signal,
    progress: () => {},
    log: SILENT,
  });
}

/** Found over its socket as on a host, by the role that backups are made by; root is that role here. */
async function makeDatabase({ folder, server }: TestHost): Promise<void> {
  appendFileSync(join(folder, "cluster/pg_ident.conf"), "appliance root backup\n");
  await server.query(
    "postgres",
    "SELECT pg_reload_conf()",
    "GRANT pg_read_all_data TO backup",
    "ALTER ROLE backup BYPASSRLS",
    "ALTER ROLE backup SET default_transaction_read_only = on",
    "CREATE DATABASE ecs TEMPLATE template0 LOCALE 'C.UTF-8'",
  );
  await server.query(
    "ecs",
    "CREATE TABLE submission (id serial PRIMARY KEY, title text)",
    `INSERT INTO submission (title) SELECT md5(n::text) FROM generate_series(1, ${ROWS_BEFORE}) n`,
  );
}

function sliceWith(folder: string) {
  const urls = { main: `file://${folder}/main`, copy: `file://${folder}/copy` };
  mkdirSync(join(folder, "main"));
  makeQuickRepository(join(folder, "copy"));
  const slice = sliceOf(urls, { encryptKey: BACKUP_KEY, databaseLocale: "C.UTF-8" });
  const engines = { main: "duplicity", copy: "restic" } as const;
  const targets = slice.targets.map((target) => ({ ...target, engine: engines[target.name as TargetName] }));
  return { ...slice, targets };
}

/**
 * An empty repository of restic whose key is derived from the password of `sliceOf` in no time (scrypt with N=2): with one of `restic init`
 * each of a thousand calls takes half a second of CPU for that.
 */
function makeQuickRepository(folder: string): void {
  cpSync(join(import.meta.dirname, "quick-repository"), folder, { recursive: true });
  for (const name of ["data", "index", "locks", "snapshots"]) mkdirSync(join(folder, name));
}

function createParts(host: TestHost, data: string, slice: ReturnType<typeof sliceWith>, clock: Clock) {
  const { now } = clock;
  const run = runUnderClock(host.setting(data, slice).engines, clock);
  const config = configOf(host, data);
  const { scratchDir, volatileDir, stateDir, leaseDir, runsDir, reportsDir } = config;
  for (const folder of [scratchDir, volatileDir, leaseDir, runsDir]) mkdirSync(folder, { recursive: true });
  chmodSync(volatileDir, 0o755); // root's scratch server is another account's
  const read = async () => slice;
  const mounts = { attach: async () => {}, detach: async () => {} };
  const targets = createTargets({ slice: read, run, mounts, turns: createTurns(), now, scratchDir, volatileDir });
  const states = createTargetStates(join(stateDir, "targets"), SILENT);
  const lease = openLease({ folder: leaseDir, runsFolder: runsDir, agent: "backup-agent", hostBoot: "this one", now });
  const prove: Parameters<typeof createDrill>[0]["prove"] = (order, signal) =>
    proveRestored(order, { run: runCommand, now, signal });
  const content: Parameters<typeof createBackupRun>[0]["makeContent"] = (order, context) =>
    makeContent(order, { run: runCommand, ...context });
  return {
    targets,
    states,
    reportsDir,
    work: {
      run: createBackupRun({ config, slice: read, targets, states, lease, makeContent: content, now }),
      verify: createVerify({ targets, states, now }),
      drill: createDrill({ ...config, slice: read, targets, states, prove, run: runCommand, now }),
      restore: createRestore({ targets, volatileDir, now, log: SILENT }),
    },
  };
}

function configOf({ folder, server }: TestHost, dataDir: string) {
  const stateDir = join(dataDir, "etc/backup");
  return {
    version: "1.0.0",
    dataDir,
    stateDir,
    reportsDir: join(stateDir, "reports"),
    volatileDir: join(folder, "volatile"),
    scratchDir: join(folder, "scratch"),
    databaseSocketDir: server.socketFolder,
    localTargets: { mounted: [folder], made: join(folder, "volatile") },
    leaseDir: join(folder, "lease"),
    runsDir: join(folder, "runs"),
  };
}

const DOCUMENTS_A_NIGHT = 2;

async function useIt({ server }: TestHost, vault: string, night: number): Promise<void> {
  const path = (n: number) => join(vault, `document-${n}`);
  for (let n = 0; n < DOCUMENTS_A_NIGHT; n++) writeFileSync(path(night * DOCUMENTS_A_NIGHT + n), randomBytes(20_000));
  if (night % 4 === 3) rmSync(path(night));
  if (night % 5 === 4) appendFileSync(path(night * DOCUMENTS_A_NIGHT - 2), randomBytes(1000));
  await server.query("ecs", `INSERT INTO submission (title) VALUES ('of night ${night}')`);
}

function sumsOf(root: string): Map<string, string> {
  const trees = [VAULT, DUMPS].map((folder) => describeTree(join(root, folder)));
  return new Map(trees.flatMap((tree) => [...tree]));
}

async function readReports(
  folder: string,
  target: TargetName,
  sealSecrets: readonly [string, ...string[]],
): Promise<Report[]> {
  const names = readdirSync(folder).filter((name) => name.endsWith(`-${target}.json`));
  return Promise.all(names.toSorted().map((name) => readReport(join(folder, name), deriveKeys(...sealSecrets))));
}
