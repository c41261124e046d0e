import { join } from "node:path";
import { readFile } from "node:fs/promises";
import { writeFileDurable } from "@appliance/files";
import * as z from "zod";
import { sealed, unsealed, type Keys, type Kind } from "../manifest/seal.ts";

const amount = z.int().nonnegative();
const Extent = z.enum(["whole", "sample"]);
/** `none`: there was nothing to compare with, or no key. */
const ExtentOrNone = z.enum(["whole", "sample", "none"]);
const Fault = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

/** What one proof did and found. */
export const Report = z.object({
  /** When the proof ended. */
  at: z.iso.datetime(),
  /** The instant of the backup that was proven. */
  of: z.iso.datetime(),
  /** Of the appliance that made the backup; empty where none of ours did. */
  appliance: z.string(),
  /** `none`: an older system made the backup, which left no manifest. */
  comparedWith: z.enum(["manifest", "none"]).default("manifest"),
  /** True when nothing was found wrong in what was looked at; `extent` says what that was. */
  proven: z.boolean(),
  faults: z.array(Fault),
  /** `whole` or a `sample`: files restored, sums of their content compared, documents of the vault opened. */
  extent: z.object({ files: Extent, sums: ExtentOrNone, documents: ExtentOrNone }),
  /** Measured; `restore` as the caller measured it, zero when it did not. */
  milliseconds: z.object({
    restore: amount,
    files: amount,
    documents: amount,
    unpack: amount,
    load: amount,
    check: amount,
    total: amount,
  }),
  files: z.object({
    indexed: amount,
    found: amount,
    bytes: amount,
    summed: z.object({ files: amount, bytes: amount }),
    newer: amount,
  }),
  documents: z.object({ opened: amount, failed: amount }),
  database: z.object({ server: z.string(), dumpBytes: amount, tables: amount, rows: amount }),
});
export type Report = z.infer<typeof Report>;

const REPORT: Kind<Report> = { format: "appliance-proof-report", version: 1, body: Report };

/** Writes `report` with its seal to `folder`, named for its time and for `what` was proven, and returns the path. */
export async function writeReport(folder: string, what: string, report: Report, keys: Keys): Promise<string> {
  const path = join(folder, `${report.at.replaceAll(":", "")}-${what}.json`);
  await writeFileDurable(path, sealed(REPORT, report, keys), { mode: 0o640 });
  return path;
}

/** @throws OperatorError `MANIFEST_DAMAGED`, `MANIFEST_NEWER`, `MANIFEST_SEAL_WRONG`. */
export async function readReport(path: string, keys: Keys): Promise<Report> {
  return unsealed(REPORT, await readFile(path, "utf8"), keys, path);
}
