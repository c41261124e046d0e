import { existsSync } from "node:fs";
import { runCommand } from "@appliance/command";
import type { Context } from "./context.ts";

const SERVICE = "/usr/local/lib/appliance/service";
const WITHIN_MS = 60_000;

/**
 * Tells the unit of the host what the command did by itself, so that the next `systemctl start` or `stop` does not take it for
 * done. Does nothing where systemd does not run or where the unit itself called. It is no failure of the command when that fails.
 */
export async function tellSystemd(
  done: "start" | "stop",
  { installation, terminal }: Pick<Context, "installation" | "terminal">,
): Promise<void> {
  if (installation.root !== "" || !existsSync(SERVICE)) return;
  await runCommand(SERVICE, ["note", done], { timeoutMs: WITHIN_MS }).catch((err: unknown) => {
    const why = err instanceof Error ? err.message : String(err);
    terminal.say(`\`systemctl status appliance\` does not know of it: ${why}`);
  });
}
