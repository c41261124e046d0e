import { join } from "node:path";
import {
  checkLegacy,
  checkRestored,
  deriveKeys,
  readManifest,
  type LegacyReport,
  type ProofDependencies,
  type Report,
} from "@appliance/backup-content";
import { DUMPS, VAULT } from "../contents.ts";
import type { ProofOrder } from "./proof-order.ts";

export type ProofDeps = Pick<ProofDependencies, "run" | "now"> & { signal: AbortSignal };

/**
 * Proves the copy at `root`: against its manifest, or, where an older system made the backup, that its dump can be loaded.
 * @throws OperatorError of `checkRestored`, `checkLegacy` and `readManifest`
 */
export async function proveRestored(order: ProofOrder, { signal, ...tools }: ProofDeps): Promise<Report> {
  const { root, restoreMs, partial, vaultKeys, scratch, temporary } = order;
  const deps = { ...tools, scratch, temporary };
  const places = { vault: VAULT, dumpFolder: DUMPS, signal };
  if (!order.hasManifest) {
    const locale = { collate: order.databaseLocale, ctype: order.databaseLocale };
    return reportOf(await checkLegacy(root, deps, { ...places, locale }), order, tools.now());
  }
  const manifest = await readManifest(join(root, DUMPS), deriveKeys(...order.sealSecrets));
  const options = { ...places, restoreMs, partial, ...(vaultKeys ? { vaultKeys } : {}) };
  // The database is some minutes older than the backup; the backup's own time is the one that is listed, and chosen by.
  return { ...(await checkRestored(root, manifest, deps, options)), of: order.of };
}

/** Says what there was nothing to compare with. */
function reportOf({ files, database, milliseconds }: LegacyReport, order: ProofOrder, now: Date): Report {
  const { of, partial, restoreMs } = order;
  const restore = Math.round(restoreMs);
  return {
    at: now.toISOString(),
    of,
    appliance: "",
    comparedWith: "none",
    proven: true,
    faults: [],
    extent: { files: partial ? "sample" : "whole", sums: "none", documents: "none" },
    milliseconds: { ...milliseconds, restore, total: milliseconds.total + restore },
    files: { indexed: 0, found: files.found, bytes: files.bytes, summed: { files: 0, bytes: 0 }, newer: 0 },
    documents: { opened: 0, failed: 0 },
    database: { server: database.server, dumpBytes: 0, tables: database.tables, rows: database.rows },
  };
}
