import * as z from "zod";
import type { Cancellable, Point } from "../engine.ts";
import type { ResticContext } from "./context.ts";
import { Snapshot } from "./messages.ts";
import { callRestic } from "./program.ts";

/** The points of the appliance that can be read; of one that cannot, `check` tells. */
export async function listPoints(context: ResticContext, options: Cancellable): Promise<Point[]> {
  return (await readPoints(context, options)).points;
}

/** `isWhole` is false when restic left out a snapshot that it could not read, which it does with exit code 0. */
export async function readPoints(
  context: ResticContext,
  options: Cancellable,
): Promise<{ points: Point[]; isWhole: boolean }> {
  const args = ["snapshots", "--json", "--no-lock", "--tag", "appliance"];
  const { stdout, stderr } = await callRestic(context, args, options);
  return { points: toPoints(stdout), isWhole: !/^Ignoring "/m.test(stderr) };
}

function toPoints(stdout: string): Point[] {
  return z
    .array(Snapshot)
    .parse(JSON.parse(stdout))
    .map(({ id, time }): Point => ({ id, at: new Date(time), kind: "snapshot" }))
    .sort((a, b) => a.at.getTime() - b.at.getTime());
}
