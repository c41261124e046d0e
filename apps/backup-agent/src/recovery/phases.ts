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
