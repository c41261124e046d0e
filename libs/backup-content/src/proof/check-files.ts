import { join } from "node:path";
import type { OperatorError } from "@appliance/errors";
import { failure } from "../failures.ts";
import { compareFiles, type CompareOptions, type Comparison } from "../files/compare-files.ts";
import type { ListDependencies } from "../files/list-files.ts";
import { sumOfStored } from "../files/stored.ts";
import { CONTENT_FILES, type Manifest } from "../manifest/manifest.ts";

export interface FilesChecked {
  /** Undefined where the index itself is missing or damaged, so that nothing could be compared. */
  comparison?: Comparison;
  /** `PROOF_FILES_DIFFER`, which counts what is wrong. */
  fault?: OperatorError | undefined;
}

/** Compares names, sizes and sums of the files restored below `root` with `manifest`, whose index lies in `dumpFolder`. */
export async function checkFiles(
  root: string,
  dumpFolder: string,
  manifest: Manifest,
  deps: ListDependencies,
  options: CompareOptions,
): Promise<FilesChecked> {
  const folder = join(root, dumpFolder);
  if ((await sumOfStored(join(folder, CONTENT_FILES.index))) !== manifest.index.sha256)
    return { fault: failure("PROOF_FILES_DIFFER", `${CONTENT_FILES.index} is missing or damaged`) };
  const comparison = await compareFiles(root, folder, manifest, deps, options);
  return { comparison, fault: faultOfFiles(comparison) };
}

function faultOfFiles({ faults: { missing, changed, examples } }: Comparison): OperatorError | undefined {
  if (missing + changed === 0) return undefined;
  return failure("PROOF_FILES_DIFFER", `${missing} missing, ${changed} different, such as ${examples.join("; ")}`);
}
