import { statfs } from "node:fs/promises";
import { join } from "node:path";
import {
  clearUnfinished,
  deriveKeys,
  dumpDatabase,
  indexFiles,
  readLastManifest,
  writeManifest,
  type Keys,
  type Manifest,
} from "@appliance/backup-content";
import type { RunCommand } from "@appliance/command";
import { OperatorError, toFailure } from "@appliance/errors";
import type { BackupProgress } from "@appliance/jobs";
import { BACKUP_ROLE, DATABASE, DUMPS, FOLDERS } from "../contents.ts";
import type { Content, ContentOrder } from "./content-order.ts";
import { readLoss, rememberLoss } from "./loss-file.ts";
import { planSafety } from "./plan-safety.ts";

export interface ContentDeps {
  run: RunCommand;
  onProgress: (progress: BackupProgress) => void;
  signal: AbortSignal;
}

/**
 * Makes what a backup consists of beside the documents: dump, index, manifest. The manifest comes last, and only where all of it is a
 * backup.
 * @throws OperatorError of `@appliance/backup-content`, `BACKUP_SOURCE_MISSING`, `BACKUP_LOSS_UNREADABLE`
 */
export async function makeContent(order: ContentOrder, deps: ContentDeps): Promise<Content> {
  const dumps = join(order.dataDir, DUMPS);
  const keys = deriveKeys(...order.sealSecrets);
  await clearUnfinished(dumps);
  const { last, notes } = await lastManifest(dumps, keys);
  await requireSpace(dumps, last);
  const { at, database, dump } = await dumpTo(dumps, last, order, deps);
  const { index, folders, absent, unreadable } = await indexOf(dumps, last, order, deps);
  if (absent.length > 0) throw sourceMissing(absent.map((folder) => join(order.dataDir, folder)));

  const { lossAccepted, neverSaved } = order;
  const loss = lossAccepted ? undefined : await readLoss(order.stateDir);
  const plan = planSafety({ database, folders }, { last, loss, lossAccepted, neverSaved });
  if (plan.action === "refuse") throw plan.error;
  await rememberLoss(order.stateDir, plan.loss);
  const env = order.envFingerprint;
  await writeManifest(
    dumps,
    { appliance: order.version, at: at.toISOString(), env, database, dump, index, folders },
    keys,
  );
  return {
    source: amountOf(folders),
    dumpBytes: dump.bytes,
    purge: plan.purge,
    alerts: [...notes, ...plan.alerts, ...unreadable.slice(0, 1).map(() => partlyUnreadable(unreadable))].map(
      toFailure,
    ),
  };
}

/** One that cannot be believed is left out, and said: all sums are then made anew, and a loss against it cannot be seen. */
async function lastManifest(dumps: string, keys: Keys): Promise<{ last?: Manifest; notes: OperatorError[] }> {
  try {
    const last = await readLastManifest(dumps, keys);
    return { ...(last ? { last } : {}), notes: [] };
  } catch (error) {
    if (!(error instanceof OperatorError)) throw error;
    return { notes: [manifestNotUsed(error)] };
  }
}

/** The new dump lies beside the old one until it is whole. */
async function requireSpace(dumps: string, last: Manifest | undefined): Promise<void> {
  if (!last) return;
  const { bavail, bsize } = await statfs(dumps);
  const needed = last.dump.bytes + last.index.bytes;
  if (bavail * bsize > needed) return;
  throw new OperatorError(
    "BACKUP_DISK_FULL",
    `${dumps} has ${bavail * bsize} bytes free, and dump and list of files need about ${needed}.`,
    { remedy: "Free space there (df -h), then start the backup again. The last backup is unchanged." },
  );
}

function dumpTo(dumps: string, last: Manifest | undefined, order: ContentOrder, deps: ContentDeps) {
  const address = { socketFolder: order.databaseSocketDir, database: DATABASE, role: BACKUP_ROLE };
  const total = last ? { files: 1, bytes: last.dump.plainBytes } : null;
  const tell = createTeller("Dumping the database", total, deps);
  return dumpDatabase(
    address,
    dumps,
    { run: deps.run, scratch: order.scratchDir },
    { signal: deps.signal, onProgress: ({ plainBytes }) => tell({ files: 0, bytes: plainBytes }) },
  );
}

function indexOf(dumps: string, last: Manifest | undefined, order: ContentOrder, deps: ContentDeps) {
  const tell = createTeller("Listing the files", last ? amountOf(last.folders) : null, deps);
  const options = { signal: deps.signal, onProgress: tell, ...(last ? { last } : {}) };
  return indexFiles(order.dataDir, FOLDERS, dumps, { run: deps.run, temporary: order.temporaryDir }, options);
}

/** Tells how far a part is, with the time left by its pace. */
function createTeller(sentence: string, total: BackupProgress["total"], { onProgress }: ContentDeps) {
  const startedAt = performance.now();
  onProgress({ sentence, done: { files: 0, bytes: 0 }, total, secondsLeft: null });
  return (done: BackupProgress["done"]) => {
    const secondsPerByte = (performance.now() - startedAt) / 1000 / done.bytes;
    const isKnown = total !== null && done.bytes > 0;
    const secondsLeft = isKnown ? Math.max(0, Math.round(secondsPerByte * (total.bytes - done.bytes))) : null;
    onProgress({ sentence, done, total, secondsLeft });
  };
}

function amountOf(folders: Manifest["folders"]): Content["source"] {
  const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);
  return { files: sum(folders.map(({ files }) => files)), bytes: sum(folders.map(({ bytes }) => bytes)) };
}

function sourceMissing(paths: string[]): OperatorError {
  return new OperatorError("BACKUP_SOURCE_MISSING", `What is to be backed up is not there: ${paths.join(", ")}`, {
    remedy: "Check that /data is mounted, then start the backup again. Nothing was backed up.",
  });
}

function manifestNotUsed({ message, code }: OperatorError): OperatorError {
  return new OperatorError(code, `${message}. This backup was made without it, and nothing older was removed.`, {
    remedy: "See with `appliance backup list` that no documents are missing. The next backup compares with this one.",
  });
}

function partlyUnreadable(places: readonly string[]): OperatorError {
  return new OperatorError(
    "BACKUP_FILES_UNREADABLE",
    `Some files could not be read: ${places.slice(0, 3).join("; ")}`,
    {
      remedy: "Check the disk of /data (dmesg), then start the backup again.",
    },
  );
}
