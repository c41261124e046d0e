import { isInterrupted, OperatorError } from "@appliance/errors";
import type { BackupProgress, ConfigRecover, Recovered } from "@appliance/jobs";
import type { RunJournal } from "@appliance/lease";
import { applyConfig } from "../apply-config.ts";
import type { Capability, Wanted } from "../capability.ts";
import {
  alone,
  applyWanted,
  decideGoal,
  ONLY_WHILE_RUNNING,
  readWanted,
  runContext,
  runIdOf,
  tellSteps,
  type JobRun,
  type RunDeps,
} from "../one-run.ts";
import { PATHS } from "../paths.ts";
import { tellFailedPull, tellFailure } from "../status/tell.ts";
import { asProgress, describeProgress } from "./describe-progress.ts";
import { isPulling } from "./plan-pull.ts";
import { firstBackupCapability, recoveryCapability } from "./recovery-capability.ts";
import type { RecoveryRecord, RecoveryRecords } from "./recovery-record.ts";
import { refuseOccupied } from "./refuse-occupied.ts";

export interface RecoverDeps extends RunDeps {
  recoveries: RecoveryRecords;
  /** Asks backup-agent for a backup; the same run asks once. */
  orderFirstBackup: (runId: string) => Promise<void>;
}

export interface RecoverRun extends JobRun {
  enqueuedAt: Date;
  progress: (progress: BackupProgress) => void;
}

/** The last part of an apply that a recovery needs. */
const LAST_BEFORE_RECOVERY = "database-server";
/** Of the parts before it, the one that starts what has the data in use. */
const AFTER_RECOVERY = "certificates";

/**
 * Puts documents and database of a backup back onto a bare host, as an apply in two halves: what the recovery needs, the recovery in
 * the place of the database, and then all of the apply on the restored data. Interrupted, by a reboot too, it goes on where it was.
 * @throws OperatorError `RECOVERY_OCCUPIED`, with nothing changed, where the host holds data; whatever a part fails with
 */
export async function recover(data: ConfigRecover, job: RecoverRun, deps: RecoverDeps): Promise<Recovered> {
  const earlier = await outcomeOf(data, job, deps);
  if (earlier) return earlier;
  return alone("restore", job, deps, async (journal) => {
    const record = await beginOrGoOn(data, job, journal, deps);
    try {
      return await carryOut(record, job, journal, deps);
    } catch (err) {
      if (!isInterrupted(job.signal)) await tell(err, record, job, deps);
      throw err;
    }
  });
}

/** A pull that failed leaves what the one before it put there, and the next night tries again: nothing has to be cleared. */
function tell(err: unknown, { order }: RecoveryRecord, { signal }: JobRun, deps: RecoverDeps): Promise<void> {
  return order.pull ? tellFailedPull(err, deps, signal) : tellFailure(err, deps, signal);
}

/**
 * A job that was delivered again after its queue was emptied finds what its run came to; so does one that asked for the same while
 * another was at it, such as the same command after a Ctrl-C.
 */
async function outcomeOf(
  data: ConfigRecover,
  job: RecoverRun,
  { lease, recoveries }: RecoverDeps,
): Promise<Recovered | undefined> {
  const record = await recoveries.read();
  if (!record?.restored) return undefined;
  const run = await lease.records.read(record.runId);
  if (run?.state !== "succeeded") return undefined;
  const wasUnderWay = run.finishedAt !== undefined && job.enqueuedAt < new Date(run.finishedAt);
  if (record.runId === runIdOf(job) || (wasUnderWay && isSameOrder(data, record.order))) return record.restored;
  return undefined;
}

/** A pull starts nothing, whatever is said of that. */
function isSameOrder(one: ConfigRecover, other: ConfigRecover): boolean {
  const keys = ["target", "at", ...(other.pull ? [] : (["onlyRestore"] as const))] as const;
  return keys.every((key) => one[key] === other[key]);
}

async function beginOrGoOn(
  data: ConfigRecover,
  job: JobRun,
  journal: RunJournal,
  deps: RecoverDeps,
): Promise<RecoveryRecord> {
  const { files, database, recoveries } = deps;
  const runId = runIdOf(job);
  const record = await recoveries.read();
  if (journal.resumed && record?.runId === runId) return record;
  const order = { ...data, pull: await isPull(data, deps) };
  // A pull that finds data of another origin is told as one that failed, and counts as that of its night.
  const recoveredAt = record?.restored ? new Date(record.begunAt) : undefined;
  if (!order.pull) await refuseOccupied(files, database, job.signal, { recoveredAt });
  return recoveries.begin(runId, order);
}

/**
 * What a person has recovered on a host that pulls is a pull as well: else the next night would find data of another origin.
 * @throws OperatorError `PULL_OFF`
 */
async function isPull(data: ConfigRecover, deps: RecoverDeps): Promise<boolean> {
  if (data.pull) {
    if (isPulling((await readWantedFor(data, deps)).env)) return true;
    throw pullIsOff();
  }
  // An env.yml that cannot be read fails the recovery itself, which tells it.
  return readWantedFor(data, deps).then(
    ({ env }) => isPulling(env),
    () => false,
  );
}

async function carryOut(
  record: RecoveryRecord,
  job: RecoverRun,
  journal: RunJournal,
  deps: RecoverDeps,
): Promise<Recovered> {
  // Every cause of an earlier failure is looked at again, and one that stays would hide what is being done now.
  await deps.failure.clear();
  const wanted = await readWantedFor(record.order, deps);
  if (record.order.pull && record.restored === null) await refuseForeign(job, deps);
  await restore(record, wanted, job, journal, deps);
  const restored = (await deps.recoveries.read())?.restored;
  if (!restored) throw new Error("the recovery ended without an outcome");
  // Also where a person had a pull finished that was cut off.
  if (record.order.pull || (await deps.pulled.read())) await deps.pulled.write(restored);
  await goOn(record, wanted, job, journal, deps);
  deps.log.info({ ...restored, onlyRestore: record.order.onlyRestore }, "the appliance was recovered");
  return restored;
}

/** A pull comes by itself, so an env.yml that is just being edited is none of its business. */
function readWantedFor({ pull }: Pick<ConfigRecover, "pull">, deps: RecoverDeps): Promise<Wanted> {
  return readWanted(deps, pull ? "repair" : undefined);
}

async function restore(
  record: RecoveryRecord,
  wanted: Wanted,
  job: RecoverRun,
  journal: RunJournal,
  deps: RecoverDeps,
): Promise<void> {
  const recovery = recoveryCapability(record, { ...deps, progress: tellProgress(job, deps) });
  const capabilities = [...beforeRecovery(deps.capabilities), recovery];
  await deps.status.recover(capabilities.map(({ title }) => title));
  const begin = async () => {};
  const progress = ({ step }: { step: string }) => job.progress(asProgress(step));
  await applyConfig(wanted, "running", runContext(job, deps), {
    capabilities,
    onlyWhileRunning: ONLY_WHILE_RUNNING,
    interrupt: () => deps.status.interrupt(),
    ...tellSteps({ begin, progress }, journal, deps),
  });
}

function beforeRecovery(capabilities: readonly Capability[]): readonly Capability[] {
  const last = capabilities.findIndex(({ name }) => name === LAST_BEFORE_RECOVERY);
  return capabilities.slice(0, last + 1).filter(({ name }) => name !== AFTER_RECOVERY);
}

/** To whoever waits, and to the page. */
function tellProgress(job: RecoverRun, { status, log }: RecoverDeps): (progress: BackupProgress) => void {
  return (progress) => {
    job.progress(progress);
    const telling = status.note(describeProgress(progress));
    telling.catch((err: unknown) => log.warn({ err }, "the status page could not be written"));
  };
}

/** All parts once more, since folders, certificates and hooks of the backup are in place now. */
async function goOn(
  { order }: RecoveryRecord,
  wanted: Wanted,
  job: RecoverRun,
  journal: RunJournal,
  deps: RecoverDeps,
): Promise<void> {
  if (!order.pull) await keepStopped(order.onlyRestore, deps);
  const isLive = (await decideGoal(wanted, deps)) === "running";
  const capabilities = isLive
    ? [...deps.capabilities, firstBackupCapability(deps.orderFirstBackup)]
    : deps.capabilities;
  const begin = () => deps.status.begin(capabilities.map(({ title }) => title));
  const progress = ({ step }: { step: string }) => job.progress(asProgress(step));
  await applyWanted(wanted, capabilities, job, tellSteps({ begin, progress }, journal, deps), deps);
}

const OF_ANOTHER_ORIGIN =
  "It is of no pull, so no pull replaces it. If it is not wanted, move it away as docs/recovery.md says, then run `appliance recover --yes-i-am-sure`.";

/** Only what a pull put there may be replaced by the next one. */
async function refuseForeign(job: JobRun, { files, database, pulled }: RecoverDeps): Promise<void> {
  if ((await pulled.read()) === undefined)
    await refuseOccupied(files, database, job.signal, { remedy: OF_ANOTHER_ORIGIN });
}

/** As `appliance stop` does, so that a reboot starts nothing either. */
async function keepStopped(stopped: boolean, { files }: RecoverDeps): Promise<void> {
  if (stopped) await files.write(PATHS.stopped, "", { mode: 0o644 });
  else await files.remove(PATHS.stopped);
}

function pullIsOff(): OperatorError {
  return new OperatorError("PULL_OFF", "env.yml does not make this a standby host that pulls backups.", {
    remedy: "Set appliance:standby and appliance:backup:pull to true in env.yml, then run `appliance apply`.",
  });
}
