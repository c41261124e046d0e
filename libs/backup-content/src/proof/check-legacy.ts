import { join } from "node:path";
import { withFileList } from "../files/list-files.ts";
import { CONTENT_FILES } from "../manifest/manifest.ts";
import type { ProofDependencies } from "./check-restored.ts";
import { createClock } from "./clock.ts";
import type { Locale } from "./load-dump.ts";
import { proveDigests, type DatabaseProof, type Digest } from "./prove-database.ts";
import type { Report } from "./report.ts";
import { withWorkplace } from "./workplace.ts";

export interface LegacyOptions {
  signal?: AbortSignal;
  vault: string;
  dumpFolder: string;
  /** Of the database; the backup does not say it, env.yml does. */
  locale: Locale;
  digests?: readonly Digest[];
}

export interface LegacyReport {
  files: { found: number; bytes: number };
  database: DatabaseProof;
  milliseconds: Report["milliseconds"];
}

/**
 * Checks a restored copy of a backup of the older system, which has no manifest: the dump is loaded into a scratch PostgreSQL
 * and asked, the files of the vault are counted.
 * @throws OperatorError `PROOF_DUMP_DAMAGED`, `PROOF_DUMP_REFUSED`, `PROOF_ROWS_DIFFER`, and as `checkRestored`.
 */
export async function checkLegacy(
  root: string,
  deps: ProofDependencies,
  options: LegacyOptions,
): Promise<LegacyReport> {
  const { signal, vault, dumpFolder, locale, digests = [] } = options;
  const clock = createClock();
  return withWorkplace(deps, async (place) => {
    const lists = { run: deps.run, temporary: place.disk };
    const files = await clock.measure("files", () => withFileList(root, [vault], lists, count, signal));
    const dump = join(root, dumpFolder, CONTENT_FILES.dump);
    const database = await proveDigests(dump, digests, locale, place, clock, { ...deps, signal });
    return { files, database, milliseconds: clock.result(0) };
  });
}

async function count({ files }: { files: AsyncIterable<{ type: string; size: number }[]> }) {
  const counted = { found: 0, bytes: 0 };
  for await (const batch of files) {
    for (const { type, size } of batch) {
      if (type !== "f") continue;
      counted.found++;
      counted.bytes += size;
    }
  }
  return counted;
}
