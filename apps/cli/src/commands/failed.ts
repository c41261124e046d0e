import { readFileSync, rmSync } from "node:fs";
import { isSystemError } from "@appliance/errors";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";

const fileOf = ({ installation: { root } }: Context) => `${root}/run/appliance-failed`;

/** `appliance failed [show]`: why the appliance failed; exit code 0 when it did not. */
export function showFailed(context: Context): number {
  try {
    context.terminal.print(readFileSync(fileOf(context), "utf8").trimEnd());
    return EXIT.failed;
  } catch (err) {
    if (!isSystemError(err, "ENOENT")) throw err;
    context.terminal.print("The appliance has not failed.");
    return EXIT.ok;
  }
}

/** `appliance failed clear`: the same as removing the file by hand (manual, 4.3). */
export function clearFailed(context: Context): void {
  rmSync(fileOf(context), { force: true });
  context.terminal.print("Cleared. `appliance start` tries again.");
}
