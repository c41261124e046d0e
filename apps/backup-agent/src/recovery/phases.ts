/** What is done and on disk, in order. */
export const PHASES = [
  "chosen",
  "filesRestored",
  "filesChecked",
  "databaseLoaded",
  "databaseChecked",
  "foldersSwapped",
  "databaseSwapped",
] as const;
export type Phase = (typeof PHASES)[number];

/** What is still to be done after `phase`, in order. */
export function phasesAfter(phase: Phase): Exclude<Phase, "chosen">[] {
  return PHASES.slice(PHASES.indexOf(phase) + 1).filter((next) => next !== "chosen");
}

/** Findings that only another restore can mend: a second look at the same files would find the same. */
const OF_FILES = ["PROOF_FILES_DIFFER", "PROOF_DUMP_DAMAGED"];

/** Where the next run begins after a check found something wrong, by the code of the finding. */
export function phaseAfterFinding(code: string): Phase {
  return OF_FILES.includes(code) ? "chosen" : "filesChecked";
}
