import { join } from "node:path";
import { CONTENT_FILES, type Manifest } from "../manifest/manifest.ts";
import { readIndex } from "./index-files.ts";
import { withFileList, type ListDependencies } from "./list-files.ts";
import { mergeByPath } from "./merge.ts";
import { createReservoir } from "./reservoir.ts";
import { NO_SUM, shownPath, type IndexedFile, type ListedFile } from "./record.ts";
import { sumFile } from "./sum-file.ts";

export interface CompareOptions {
  signal?: AbortSignal | undefined;
  /** Only a part was restored: what is missing is no fault. */
  partial?: boolean | undefined;
  /** Sums are compared of about so many bytes, chosen by chance. Default: of everything. */
  sumBytes?: number | undefined;
  /** A number from 0 to 1, as Math.random gives it. */
  chance: () => number;
  /** The vault: documents to choose by chance from the folder `from`. */
  documents: { from: string; count: number };
}

export interface Comparison {
  indexed: number;
  found: number;
  bytes: number;
  /** Files whose content was compared. */
  summed: { files: number; bytes: number };
  /** `sample` when files with a known sum were left out. */
  sums: "whole" | "sample";
  /** Outside of the vault, changed while the backup ran: newer than the manifest, and so not comparable. */
  newer: number;
  faults: FileFaults;
  /** Those chosen, of so many. */
  documents: { chosen: string[]; of: number };
}

export interface FileFaults {
  missing: number;
  changed: number;
  /** The first ten, each with what is wrong. */
  examples: string[];
}

const EXAMPLES = 10;

/** Compares the files restored below `root` with the index of `manifest`, which lies in `folder`, below it too. */
export async function compareFiles(
  root: string,
  folder: string,
  manifest: Manifest,
  deps: ListDependencies,
  options: CompareOptions,
): Promise<Comparison> {
  const folders = manifest.folders.map(({ path }) => path);
  const index = readIndex(join(folder, CONTENT_FILES.index));
  const compare = createComparison(root, manifest, options);
  return withFileList(
    root,
    folders,
    deps,
    async ({ files, unreadable }) => {
      for (const place of unreadable) compare.fault("changed", place, "cannot be read");
      for await (const pairs of mergeByPath(files, index)) {
        for (const [found, known] of pairs) {
          options.signal?.throwIfAborted();
          await compare.pair(found, known);
        }
      }
      return compare.result();
    },
    options.signal,
  );
}

function createComparison(root: string, manifest: Manifest, options: CompareOptions) {
  const result: Omit<Comparison, "documents"> = {
    indexed: 0,
    found: 0,
    bytes: 0,
    summed: { files: 0, bytes: 0 },
    sums: "whole",
    newer: 0,
    faults: { missing: 0, changed: 0, examples: [] },
  };
  const documents = createReservoir<string>(options.documents.count, options.chance);
  const share = shareOf(manifest, options.sumBytes);
  // duplicity keeps whole seconds: what was written in the second of the manifest comes back as older than it.
  const since = Math.floor(Date.parse(manifest.at) / 1000);

  const fault = (kind: "missing" | "changed", path: string, what: string) => {
    result.faults[kind]++;
    if (result.faults.examples.length < EXAMPLES) result.faults.examples.push(`${shownPath(path)} ${what}`);
  };

  const content = async (found: ListedFile, known: IndexedFile) => {
    if (known.sum === NO_SUM) return undefined;
    if (share < 1 && options.chance() >= share) {
      result.sums = "sample";
      return undefined;
    }
    result.summed.files++;
    result.summed.bytes += found.size;
    return (await sumFile(root, found)) === known.sum ? undefined : "has another content";
  };

  const whyDifferent = async (found: ListedFile, known: IndexedFile) => {
    if (found.type !== known.type) return "is of another kind";
    if (found.type === "f" && found.size !== known.size) return `has ${found.size} bytes instead of ${known.size}`;
    return content(found, known);
  };

  /** A document never changes once it is stored; settings do, also while the backup runs. */
  const mayChange = ({ path }: ListedFile) => !path.startsWith(`${options.documents.from}/`);

  return {
    fault,
    async pair(found: ListedFile | undefined, known: IndexedFile | undefined) {
      if (known) result.indexed++;
      if (found) {
        result.found++;
        if (found.type === "f") result.bytes += found.size;
        const isDocument = found.type === "f" && found.size > 0 && found.path.startsWith(`${options.documents.from}/`);
        if (isDocument) documents.offer(found.path);
      }
      if (!found && known && !options.partial) fault("missing", known.path, "is missing");
      if (!found || !known) return;
      const why = await whyDifferent(found, known);
      if (why === undefined) return;
      if (mayChange(found) && Number(found.modified) >= since && found.modified !== known.modified) result.newer++;
      else fault("changed", found.path, why);
    },
    result: (): Comparison => ({ ...result, documents: { chosen: documents.chosen(), of: documents.offered() } }),
  };
}

function shareOf({ folders }: Manifest, sumBytes: number | undefined): number {
  const all = folders.reduce((sum, { bytes }) => sum + bytes, 0);
  return sumBytes === undefined || sumBytes >= all ? 1 : sumBytes / all;
}
