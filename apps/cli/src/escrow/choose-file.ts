import { OperatorError } from "@appliance/errors";
import { namePlaces, restoreFiles, type Restored } from "./restore.ts";
import type { Scan } from "./scan.ts";

/** A file, and what is worth knowing although it is whole. */
export interface Chosen {
  file: Uint8Array;
  notes: string[];
}

/**
 * The one file that the pages hold, or the one that was asked for.
 * @throws OperatorError `CODES_MISSING` with the numbers and pages of what is missing; `SEVERAL_FILES` when more than one is whole
 */
export function chooseFile(scan: Scan, id?: string): Chosen {
  const all = restoreFiles(scan.codes);
  const asked = id === undefined ? all : all.filter((restored) => restored.id === id.toUpperCase());
  const whole = asked.filter(({ file }) => file);
  const [chosen, ...others] = whole;
  if (others.length > 0) throw severalFiles(whole);
  if (!chosen?.file) throw codesMissing(asked, scan, id);
  const foreign = all.filter((restored) => restored !== chosen);
  return { file: chosen.file, notes: [...noteRebuilt(chosen), ...foreign.map(noteForeign)] };
}

function noteRebuilt({ rebuilt }: Restored): string[] {
  return rebuilt.length === 0 ? [] : [`Made again from the spare codes: code ${namePlaces(rebuilt)}.`];
}

function noteForeign({ id, sources }: Restored): string {
  return `Left aside, of another file ${id}: ${sources.join(", ")}.`;
}

function severalFiles(whole: readonly Restored[]): OperatorError {
  const files = whole.map(({ id, sources }) => `  ${id}: ${sources.join(", ")}`);
  return new OperatorError("SEVERAL_FILES", `The pages hold several files:\n${files.join("\n")}`, {
    remedy: "Choose one with --id; it stands at the foot of each page.",
  });
}

function codesMissing(all: readonly Restored[], scan: Scan, id?: string): OperatorError {
  const damaged = scan.damaged.map((source) => `${source} has a code that cannot be read`);
  const unreadable = scan.unreadable.map((source) => `${source} is no image that can be read`);
  const lines = [...all.map(lackOf), ...damaged, ...unreadable].map((line) => `  ${line}`);
  const what =
    all.length > 0
      ? "The file is not whole:"
      : `No code of ${id ? `the file ${id}` : "an env.yml"} was found in ${scan.pages} images.`;
  return new OperatorError("CODES_MISSING", [what, ...lines].join("\n"), {
    remedy: "Scan these pages again, flat, sharp and whole, with 200 dpi or more, into the same folder.",
  });
}

function lackOf({ id, count, missing, sources }: Restored): string {
  const from = `(found in ${sources.join(", ")})`;
  if (missing.length === 0) return `file ${id}: all ${count} codes are there, but its checksum is wrong ${from}`;
  return `file ${id}: code ${namePlaces(missing)} of ${count} missing ${from}`;
}
