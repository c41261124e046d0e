import { mkdir, rm } from "node:fs/promises";
import { formatInstant } from "@appliance/calendar";
import { OperatorError } from "@appliance/errors";
import { withFlock } from "@appliance/files";
import type { Recovered } from "@appliance/jobs";
import { failure } from "./failures.ts";
import { createJournal, findJournal, type Journal } from "./journal.ts";
import { checkDatabase, loadDatabase } from "./load-database.ts";
import { phasesAfter, type Phase } from "./phases.ts";
import { OWN_DATABASES, placesIn } from "./places.ts";
import { contentOf, isGoneOnWith, isMovingIn, isSameChoice, type RecoveryRequest } from "./plan-recovery.ts";
import { checkAgain, checkBefore } from "./preflight.ts";
import { say } from "./progress.ts";
import type { Recovery, RecoveryDeps } from "./recovery.ts";
import { checkRestoredFiles, restoreFiles } from "./restore-files.ts";
import { swapDatabase, swapFolders } from "./swap.ts";

/**
 * Puts a backup in the place of the data of a bare host: restored beside it, compared with its manifest, and only then moved in.
 * Interrupted anywhere it goes on by its journal when it is run again; until the first folder is moved, what was there is as it was.
 * @throws OperatorError with all that stands in the way; of the engine, the proof or PostgreSQL; `LOCK_TAKEN` while another runs.
 */
export async function runRecovery(
  request: RecoveryRequest,
  deps: RecoveryDeps,
  signal: AbortSignal,
): Promise<Recovered> {
  await mkdir(deps.volatileDir, { recursive: true, mode: 0o700 });
  return withFlock(`${deps.volatileDir}.lock`, { waitMs: 0 }, async () => {
    const journal = await takeUp(request, deps, signal);
    const recovery = { journal, places: placesIn(journal.folder), deps, signal };
    await goOn(recovery);
    return cleanUp(recovery);
  });
}

/** The journal that is gone by: of an interrupted recovery, or a new one once nothing stands in its way. */
async function takeUp(request: RecoveryRequest, deps: RecoveryDeps, signal: AbortSignal): Promise<Journal> {
  const left = await findJournal(deps.dataDir);
  if (left && isGoneOnWith(request, left.record())) {
    say(deps.report, `Going on with the recovery of ${describe(left)}`);
    await checkAgain({ journal: left, places: placesIn(left.folder), deps, signal });
    return left;
  }
  if (left && isMovingIn(left.record())) throw failure("RECOVERY_UNDER_WAY", describe(left));
  if (left && !isSameChoice(request, left.record()))
    say(
      deps.report,
      `Another backup is wanted than ${describe(left)}, whose recovery was not finished: it begins anew`,
    );
  return begin(request, deps, signal, left);
}

async function begin(
  request: RecoveryRequest,
  deps: RecoveryDeps,
  signal: AbortSignal,
  left: Journal | undefined,
): Promise<Journal> {
  const { target, point, manifest } = await checkBefore(request, deps, signal, left);
  if (!manifest)
    say(
      deps.report,
      "The backup is of an older system and says nothing of its size: how much space it needs is not known",
    );
  await deps.server.drop(OWN_DATABASES);
  await left?.remove();
  return createJournal(deps.dataDir, {
    startedAt: deps.now().toISOString(),
    wanted: request,
    target: target.name,
    point: { ...point, at: point.at.toISOString() },
    hasManifest: manifest !== null,
    total: manifest && contentOf(manifest),
  });
}

const describe = (journal: Journal) =>
  `the backup of ${formatInstant(new Date(journal.record().point.at))} from ${journal.record().target}`;

/** What reaches each phase; what it returns is for the journal. */
const WORK = {
  filesRestored: restoreFiles,
  filesChecked: checkRestoredFiles,
  databaseLoaded: loadDatabase,
  databaseChecked: checkDatabase,
  foldersSwapped: swapFolders,
  databaseSwapped: swapDatabase,
} satisfies Record<Exclude<Phase, "chosen">, (recovery: Recovery) => Promise<object>>;

async function goOn(recovery: Recovery): Promise<void> {
  const { journal, deps, signal } = recovery;
  for (const phase of phasesAfter(journal.record().phase)) {
    signal.throwIfAborted();
    deps.log.info({ phase }, "recovery goes on");
    try {
      await journal.update({ ...(await WORK[phase](recovery)), phase });
    } catch (error) {
      // The next run chooses and restores anew: a second look at the same files would find the same.
      if (isFinding(error)) await journal.update({ phase: "chosen" });
      throw error;
    }
  }
}

/** Something is wrong with what was restored, not with the work. */
const isFinding = (error: unknown) => error instanceof OperatorError && error.code.startsWith("PROOF_");

/** The journal goes last: a run that is killed in here goes on in here. */
async function cleanUp({ journal, deps }: Recovery): Promise<Recovered> {
  say(deps.report, "Removing what is not needed any more");
  const recovered = toRecovered(journal, deps.now());
  await deps.server.drop(OWN_DATABASES);
  await rm(deps.volatileDir, { recursive: true, force: true });
  await journal.remove();
  return recovered;
}

function toRecovered(journal: Journal, now: Date): Recovered {
  const { target, point, restored, loaded, hasManifest, startedAt } = journal.record();
  return {
    target,
    point,
    files: restored?.files ?? 0,
    bytes: restored?.bytes ?? 0,
    tables: loaded?.tables ?? 0,
    rows: loaded?.rows ?? 0,
    comparedWith: hasManifest ? "manifest" : "none",
    seconds: Math.max(0, (now.getTime() - Date.parse(startedAt)) / 1000),
  };
}
