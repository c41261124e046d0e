import { OperatorError } from "@appliance/errors";
import { EscrowNoted } from "./backup-shapes.ts";
import type { Context } from "./context.ts";

/** Nobody is there to be told: a laptop, or a host whose services are not running. */
const ALONE = new Set(["AGENT_UNREACHABLE", "NOT_PREPARED", "NOT_ROOT", "SLICE_MISSING"]);

/** Tells backup-agent what was done with an env.yml, and says whether it is the one that this host uses. Does without it. */
export async function noteEscrow(
  note: { fingerprint: string; what: "proven" | "packaged" },
  { backupAgent, terminal }: Pick<Context, "backupAgent" | "terminal">,
): Promise<void> {
  try {
    const { inUse } = EscrowNoted.parse(await backupAgent.post("/backup/escrow", note));
    if (!inUse) terminal.say("This host uses another env.yml, or one with other content.");
  } catch (err) {
    if (!(err instanceof OperatorError)) throw err;
    if (!ALONE.has(err.code)) terminal.say(`The status of backups does not know of it: ${err.message}`);
  }
}
