import { join } from "node:path";
import { OperatorError, toFailure } from "@appliance/errors";
import { failure } from "../failures.ts";
import type { Comparison } from "../files/compare-files.ts";
import { shownPath } from "../files/record.ts";
import { CONTENT_FILES, type Manifest } from "../manifest/manifest.ts";
import { checkFiles, type FilesChecked } from "./check-files.ts";
import { createClock } from "./clock.ts";
import { proveDatabase, type DatabaseProof } from "./prove-database.ts";
import type { Report } from "./report.ts";
import { openVault, type VaultKeys } from "./vault-keys.ts";
import { withWorkplace, type Workplace, type WorkplaceDependencies } from "./workplace.ts";

export interface ProofDependencies extends WorkplaceDependencies {
  /** The folder of PostgreSQL's programs; default: the newest of Debian's. */
  programs?: string;
  now: () => Date;
  /** A number from 0 to 1 that chooses samples; default Math.random. */
  chance?: () => number;
}

export interface ProofOptions {
  signal?: AbortSignal;
  /** Where the files lie, relative to the restored root. */
  vault: string;
  dumpFolder: string;
  /** Without them no document is opened, and the report says zero. */
  vaultKeys?: VaultKeys;
  /** How many documents are decrypted, chosen by chance. Default 20. */
  documents?: number;
  /** Sums are compared of about so many bytes. Default: of everything. */
  sumBytes?: number;
  /** Only a part of the files was restored, for want of space. */
  partial?: boolean;
  /** How long the restore took, for the report. */
  restoreMs?: number;
}

const DOCUMENTS = 20;

/**
 * Proves the copy restored at `root` against `manifest`: names, sizes and sums of the files, signatures of documents, and
 * the dump loaded into a scratch PostgreSQL with the rows of every table. What is found wrong is in the report, and all of
 * it: a damaged file does not hide a damaged dump.
 * @throws OperatorError when the proof itself could not be made: `BACKUP_DISK_FULL`, `PROOF_DATABASE_FAILED`,
 * `PROOF_LOCALE_MISSING`, `PROOF_VAULT_KEY_UNUSABLE`, `LOCK_TAKEN`, `COMMAND_ABORTED`.
 */
export async function checkRestored(
  root: string,
  manifest: Manifest,
  deps: ProofDependencies,
  options: ProofOptions,
): Promise<Report> {
  const clock = createClock();
  const faults = createFaults();
  return withWorkplace(deps, async (place) => {
    const files = await clock.measure("files", () => compare(root, manifest, place, deps, options));
    faults.add(files.fault);
    const documents = await clock.measure("documents", () =>
      openDocuments(root, files.comparison?.documents.chosen ?? [], place, deps, options),
    );
    faults.add(documents.fault);
    const dump = join(root, options.dumpFolder, CONTENT_FILES.dump);
    const database = await faults.collect(
      proveDatabase(dump, manifest, place, clock, { ...deps, signal: options.signal }),
    );
    return {
      at: deps.now().toISOString(),
      of: manifest.at,
      appliance: manifest.appliance,
      comparedWith: "manifest",
      proven: faults.all.length === 0,
      faults: faults.all.map((fault) => toFailure(fault)),
      extent: extentOf(files.comparison, options),
      milliseconds: clock.result(options.restoreMs ?? 0),
      files: amounts(files.comparison),
      documents: { opened: documents.opened, failed: documents.failed },
      database: databaseFacts(manifest, database),
    };
  });
}

function compare(
  root: string,
  manifest: Manifest,
  place: Workplace,
  { run, chance = Math.random }: ProofDependencies,
  { signal, partial, sumBytes, documents = DOCUMENTS, vault, dumpFolder, vaultKeys }: ProofOptions,
): Promise<FilesChecked> {
  const sample = { from: vault, count: vaultKeys ? documents : 0 };
  // On disk: lists of a million files have no room in memory. Nothing but this process runs there yet.
  const lists = { run, temporary: place.disk };
  return checkFiles(root, dumpFolder, manifest, lists, { signal, partial, sumBytes, chance, documents: sample });
}

interface DocumentsOpened {
  opened: number;
  failed: number;
  fault?: OperatorError;
}

async function openDocuments(
  root: string,
  paths: readonly string[],
  place: Workplace,
  { run }: ProofDependencies,
  { vaultKeys, signal }: ProofOptions,
): Promise<DocumentsOpened> {
  if (!vaultKeys) return { opened: 0, failed: 0 };
  const vault = await openVault(vaultKeys, place, run, signal);
  try {
    const wrong: string[] = [];
    for (const path of paths) {
      const why = await vault.fault(root, path);
      if (why !== undefined) wrong.push(`${shownPath(path)}: ${why}`);
    }
    const counts = { opened: paths.length - wrong.length, failed: wrong.length };
    if (wrong.length === 0) return counts;
    return {
      ...counts,
      fault: failure("PROOF_VAULT_UNREADABLE", `${wrong.length} of ${paths.length}, such as ${wrong[0]}`),
    };
  } finally {
    await vault.close();
  }
}

/** Failures of the data; a proof that could not be made is no finding about the data. */
const FINDINGS = new Set(["PROOF_DUMP_DAMAGED", "PROOF_DUMP_REFUSED", "PROOF_ROWS_DIFFER"]);

function createFaults() {
  const all: OperatorError[] = [];
  return {
    all,
    add: (fault: OperatorError | undefined) => void (fault && all.push(fault)),
    async collect<T>(work: Promise<T>): Promise<T | undefined> {
      try {
        return await work;
      } catch (error) {
        if (!(error instanceof OperatorError) || !FINDINGS.has(error.code)) throw error;
        all.push(error);
        return undefined;
      }
    },
  };
}

function extentOf(comparison: Comparison | undefined, { partial }: ProofOptions): Report["extent"] {
  const files = partial ? "sample" : "whole";
  if (!comparison) return { files, sums: "none", documents: "none" };
  const { sums, documents } = comparison;
  return { files, sums: partial ? "sample" : sums, documents: opened(documents, partial) };
}

function opened({ chosen, of }: Comparison["documents"], partial = false): Report["extent"]["documents"] {
  if (chosen.length === 0) return "none";
  return chosen.length === of && !partial ? "whole" : "sample";
}

function amounts(comparison: Comparison | undefined): Report["files"] {
  const { indexed = 0, found = 0, bytes = 0, newer = 0 } = comparison ?? {};
  return { indexed, found, bytes, summed: comparison?.summed ?? { files: 0, bytes: 0 }, newer };
}

function databaseFacts({ dump }: Manifest, proof: DatabaseProof | undefined): Report["database"] {
  return { server: proof?.server ?? "", dumpBytes: dump.bytes, tables: proof?.tables ?? 0, rows: proof?.rows ?? 0 };
}
