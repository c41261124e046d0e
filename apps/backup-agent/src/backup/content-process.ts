import { runCommand } from "@appliance/command";
import { serveApart } from "../apart.ts";
import { CONTENT } from "./content-order.ts";
import { createThrottle } from "./throttle.ts";

/** The process that makes the content of one backup; see `CONTENT`. */
export async function runContentProcess(): Promise<void> {
  // Not with the others at the top: an agent need not load what this process alone uses.
  const { makeContent } = await import("./make-content.ts");
  await serveApart(CONTENT, (order, { signal, onProgress }) =>
    makeContent(order, { run: runCommand, signal, onProgress: createThrottle(onProgress) }),
  );
}
