import { OperatorError, suggest } from "@appliance/errors";
import type { Refusal } from "@appliance/storage-setup";

/** The refusals of a setup as one error: what is in the way of each entry, and what may be done about it. */
export function setupRefused(refusals: readonly Refusal[]): OperatorError {
  const message = `The storage setup is not carried out: ${refusals.map((each) => each.message).join("; ")}.`;
  const occupied = refusals.filter(({ code }) => code === "STORAGE_DEVICE_OCCUPIED").map(({ device }) => device);
  const force = `If what it carries may be lost, run \`appliance apply ${occupied.map((device) => `--force-storage ${device}`).join(" ")}\``;
  const correct = "correct appliance:storage:setup or what it finds, then run `appliance apply`";
  const remedy =
    occupied.length > 0 ? `${force}; else ${correct}.` : `${correct[0]?.toUpperCase()}${correct.slice(1)}.`;
  return new OperatorError(refusals[0]?.code ?? "STORAGE_DEVICE_OCCUPIED", message, { remedy });
}

/** Nothing is forced by a slip of the pen. @throws OperatorError `STORAGE_FORCE_UNKNOWN` */
export function refuseUnknownForce(forced: readonly string[], known: readonly string[]): void {
  const unknown = forced.find((device) => !known.includes(device));
  if (unknown === undefined) return;
  const near = suggest(unknown, known);
  const remedy = near
    ? `Did you mean ${near}?`
    : known.length > 0
      ? `It names ${known.join(", ")}.`
      : "Set appliance:storage:setup first.";
  throw new OperatorError("STORAGE_FORCE_UNKNOWN", `appliance:storage:setup names no device ${unknown}.`, { remedy });
}
