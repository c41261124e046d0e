import { runCommand } from "@appliance/command";
import { serveApart } from "../apart.ts";
import { PROOF } from "./proof-order.ts";

/** The process that proves one restored copy; see `PROOF`. */
export async function runProofProcess(): Promise<void> {
  // Not with the others at the top: an agent need not load what this process alone uses.
  const { proveRestored } = await import("./prove-restored.ts");
  await serveApart(PROOF, (order, { signal }) =>
    proveRestored(order, { run: runCommand, now: () => new Date(), signal }),
  );
}
