import * as z from "zod";
import { CommandError } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import type { Cancellable, Finding } from "../engine.ts";
import { failure } from "../failures.ts";
import { parseLine } from "../json-line.ts";
import { notAppendOnly } from "../prune-limits.ts";
import { isSsh } from "../ssh.ts";
import type { ResticContext } from "./context.ts";
import { BackupSummary, Snapshot } from "./messages.ts";
import { callRestic } from "./program.ts";

/** A snapshot of one word that is there to be deleted. It is no point: those have another tag. */
const CANARY = ["--host", "appliance", "--tag", "canary"];

/**
 * Tries on a target that is append-only what an intruder on this host would do to every backup there: to remove one, a canary of
 * its own, which lives on for the next try. That it was refused is seen at the target: restic ends with 0 either way.
 */
export async function tryToDelete(context: ResticContext, options: Cancellable): Promise<Finding[]> {
  if (context.target.appendOnly !== true) return [];
  // restic over sftp must rename, and change the rights of its own files: whoever may do that may overwrite them.
  if (isSsh(context.url))
    return [notAppendOnly(context.url.label, "over sftp, whoever can write can overwrite; use rclone+ssh or rest")];
  try {
    const canary = (await listCanaries(context, options))[0] ?? (await leaveCanary(context, options));
    await callRestic(context, ["forget", canary], options);
    const isAlive = (await listCanaries(context, options)).includes(canary);
    return isAlive ? [] : [notAppendOnly(context.url.label, "this host could delete a backup there")];
  } catch (error) {
    if (!(error instanceof OperatorError) || error instanceof CommandError) throw error;
    return [notAppendOnly(context.url.label, `the try could not be made: ${error.message}`)];
  }
}

async function listCanaries(context: ResticContext, options: Cancellable): Promise<string[]> {
  const { stdout } = await callRestic(context, ["snapshots", "--json", "--no-lock", "--tag", "canary"], options);
  return z
    .array(Snapshot)
    .parse(JSON.parse(stdout))
    .map(({ id }) => id);
}

async function leaveCanary(context: ResticContext, options: Cancellable): Promise<string> {
  let id: string | undefined;
  await callRestic(context, ["backup", "--json", ...CANARY, "--stdin", "--stdin-filename", "canary"], {
    ...options,
    input: "canary\n", // restic takes an empty input for a file that could not be read
    onOutput: (line) => void (id ??= parseLine(BackupSummary, line)?.snapshot_id),
  });
  if (id === undefined) throw failure("BACKUP_FAILED", context.url.label, "restic ended without a summary");
  return id;
}
