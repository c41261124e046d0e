import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Amount, BackupOptions, BackupOutcome, Cancellable, Finding, Source } from "../engine.ts";
import { failure, someOf } from "../failures.ts";
import { notAppendOnly } from "../prune-limits.ts";
import { createProgressMeter } from "../progress-meter.ts";
import { requireSource } from "../require-source.ts";
import { filesOf, setsOf, toPoint, type BackupSet } from "./chains.ts";
import type { DuplicityContext } from "./context.ts";
import type { Ledger, LedgerFile } from "./ledger.ts";
import { LogCode, type LogMessage } from "./machine-log.ts";
import { observe, toFailure, type Observation } from "./observe.ts";
import { planDiscard, planRun } from "./plan-run.ts";
import { ARCHIVE_NAME, callDuplicity, duplicityUrl } from "./program.ts";
import { removeRemote } from "./remote.ts";

export interface BackupPolicy {
  fullEveryMonths: number;
  keepMonths: number;
}

/** Warnings of duplicity about a file that is not, or not whole, in the backup. */
const SKIPPED_CODES = [8, 9, 10, 12, 13];
const MOST_SKIPPED = 100;

/** One run: leftovers away, look, full or increment, look again. */
export async function backUp(
  context: DuplicityContext,
  ledgerFile: LedgerFile,
  policy: BackupPolicy,
  source: Source,
  options: BackupOptions,
): Promise<BackupOutcome> {
  const startedAt = context.now();
  await requireSource(source);
  const before = await prepare(context, ledgerFile, options);
  const plan = planRun(before.collection, await ledgerFile.read(), {
    full: options.full ?? false,
    now: startedAt,
    fullEveryMonths: policy.fullEveryMonths,
  });
  const ran = await runDuplicity(context, plan.kind, source, options);
  const after = await observe(context, await ledgerFile.read(), signalOf(options));
  const added = newSet(context, before, after);
  await record(ledgerFile, after, added);
  return {
    point: toPoint(added),
    points: setsOf(after.collection).length,
    complete: ran.skipped.length === 0,
    skipped: ran.skipped,
    source: ran.source,
    stored: { files: added.volumes.length, bytes: bytesOf(added, after) },
    findings: [...after.damage.map((damage) => toFailure(damage, context)), ...unprovenOf(context)],
    durationMs: context.now().getTime() - startedAt.getTime(),
  };
}

/** duplicity has nothing to try a removal on, and after a killed run it must be able to remove. */
const unprovenOf = ({ target, url }: DuplicityContext): Finding[] =>
  target.appendOnly === true ? [notAppendOnly(url.label, "only the engine restic can try it")] : [];

/** Removes what a killed run left, and notes that a run begins, so that the next can do the same. */
async function prepare(
  context: DuplicityContext,
  ledgerFile: LedgerFile,
  { create = false, ...options }: BackupOptions,
): Promise<Observation> {
  const ledger = await ledgerFile.read();
  await removePartials(join(context.archive, ARCHIVE_NAME));
  const seen = await observe(context, ledger, signalOf(options));
  if (seen.collection.chains.length === 0 && !create) throw failure("BACKUP_TARGET_EMPTY", context.url.label);
  await removeRemote(context, planDiscard(seen.collection, ledger), signalOf(options));
  const damagedChains = [...new Set([...ledger.damagedChains, ...seen.damage.map(({ chain }) => chain)])];
  await ledgerFile.write({ ...ledger, damagedChains, startedAt: context.now().toISOString() });
  return seen;
}

/** duplicity's own notes about a run that did not end: with them it would resume it. */
async function removePartials(folder: string) {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) if (name.endsWith(".part")) await rm(join(folder, name));
}

async function runDuplicity(context: DuplicityContext, kind: string, source: Source, options: BackupOptions) {
  const skipped: string[] = [];
  const meter = createProgressMeter(options);
  const onMessage = (message: LogMessage) => {
    if (isSkip(message) && skipped.length < MOST_SKIPPED) skipped.push(message.text);
    if (isFile(message)) meter.addFile();
    if (message.level === "INFO" && message.code === LogCode.volumeDone) meter.setBytes(Number(message.extra));
  };
  const { stdout } = await callDuplicity(context, kind, {
    ...signalOf(options),
    before: ["--verbosity", "info", "--no-files-changed", ...selection(source)],
    after: [source.root, duplicityUrl(context.url)],
    onMessage,
  });
  return { skipped, source: sourceAmount(stdout) };
}

const isSkip = ({ level, code }: LogMessage) => level === "WARNING" && SKIPPED_CODES.includes(code);

const isFile = ({ level, code }: LogMessage) =>
  level === "INFO" && (code === LogCode.fileNew || code === LogCode.fileChanged);

/** The paths literally: to duplicity `[` and `*` in a name would otherwise be patterns. */
function selection({ root, paths }: Source): string[] {
  const included = paths.flatMap((path) => ["--include", join(root, path)]);
  return ["--filter-literal", ...included, "--filter-globbing", "--exclude", "**"];
}

function sourceAmount(statistics: string): Amount {
  const number = (name: string) => Number(new RegExp(`^${name} (\\d+)`, "m").exec(statistics)?.[1] ?? 0);
  return { files: number("SourceFiles"), bytes: number("SourceFileSize") };
}

/**
 * The set that the run added, whole. duplicity ends with 0 when the target has lost a volume meanwhile, so the run counts only
 * when the target lists everything.
 */
function newSet(context: DuplicityContext, before: Observation, after: Observation): BackupSet {
  const known = new Set(setsOf(before.collection).map(({ to }) => to));
  const added = setsOf(after.collection).findLast(({ to }) => !known.has(to));
  if (!added) throw failure("BACKUP_MANIFEST_DAMAGED", context.url.label, "it does not list what was just written");
  const broken = after.damage.find(({ names }) => names.some((name) => name.includes(added.to)));
  if (broken) throw failure(broken.code, context.url.label, someOf(broken.names));
  return added;
}

async function record(ledgerFile: LedgerFile, after: Observation, added: BackupSet) {
  const { startedAt: _over, ...ledger } = await ledgerFile.read();
  const ownChains = added.from === undefined ? [...ledger.ownChains, added.to] : ledger.ownChains;
  const damagedChains = [...new Set([...ledger.damagedChains, ...after.damage.map(({ chain }) => chain)])];
  await ledgerFile.write({ ...ledger, ownChains, damagedChains, files: withSizes(ledger.files, after) });
}

/** Sizes of files seen for the first time. What differs from its first size stays as it was first: that is the finding. */
export function withSizes(files: Ledger["files"], { collection, sizes }: Observation): Ledger["files"] {
  const there = setsOf(collection).flatMap(filesOf);
  const entries = there.flatMap(({ name }) => {
    const size = sizes.get(name) ?? null;
    const entry = files[name] ?? (size === null || size === 0 ? undefined : { size });
    return entry ? [[name, entry] as const] : [];
  });
  return Object.fromEntries(entries);
}

const bytesOf = (set: BackupSet, { sizes }: Observation) =>
  filesOf(set).reduce((sum, { name }) => sum + (sizes.get(name) ?? 0), 0);

const signalOf = ({ signal }: Cancellable): Cancellable => (signal ? { signal } : {});
