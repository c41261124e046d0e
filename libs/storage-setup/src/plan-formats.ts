import { addStep, claim, isBlocked, named, type Planning } from "./planning.ts";
import type { FileSystem } from "./setup.ts";
import type { Known } from "./world.ts";

/** File systems that are not there yet. One of the same type and label is taken with all that it holds. */
export function planFormats(formats: readonly FileSystem[], planning: Planning): void {
  for (const format of formats) {
    const { device, type, options, label } = format;
    if (isBlocked(planning, [device]) || isThere(format, planning.world.get(device))) continue;
    const unsure = planning.world.get(device)?.signatures === "unknown" ? ", unless it carries something" : "";
    const shown = named(device, planning);
    if (!claim(planning, device)) continue;
    const name = label === undefined ? "" : ` with the label ${label}`;
    const work = { action: "format", device: planning.world.pathOf(device), type, options } as const;
    addStep(planning, work, device, `Format ${shown} as ${type}${name}${unsure}`);
  }
}

/** One file system may have several signatures (vfat), but nothing else may stand beside it. */
function isThere({ type, label }: FileSystem, known: Known | undefined): boolean {
  if (!Array.isArray(known?.signatures) || known.signatures.some((other) => other.type !== type)) return false;
  const [found] = known.signatures;
  return found?.type === type && (label === undefined || found.label === label);
}
