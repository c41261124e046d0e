import { toFailure } from "@appliance/errors";
import type { Logger } from "pino";
import type { Agent } from "./agent.ts";

/** Above what `Agent.close` needs, below the 10 s after which the engine kills. */
const STOP_LIMIT_MS = 9000;

/**
 * The life of an agent's process: started by `compose`, stopped by SIGTERM or SIGINT with exit status 0. A start that fails and
 * any error that nobody caught are logged and end it with 1, for the engine to start it again.
 */
export async function runAgent(compose: () => Promise<Agent>): Promise<void> {
  let log: Logger | undefined;
  process.on("uncaughtException", (error) => crash(log, error)); // rejections that nobody caught end here too
  try {
    const agent = await compose();
    log = agent.log;
    stopOnSignals(agent);
  } catch (error) {
    crash(log, error);
  }
}

function stopOnSignals(agent: Agent): void {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(0), STOP_LIMIT_MS).unref();
    void agent.close().then(() => process.exit(0));
  };
  process.on("SIGTERM", stop);
  process.on("SIGINT", stop);
}

function crash(log: Logger | undefined, error: unknown): never {
  if (log) log.fatal({ err: error }, "agent ends after an unexpected error");
  else process.stdout.write(`${JSON.stringify({ level: 60, ...startFailure(error), msg: "agent did not start" })}\n`);
  process.exit(1);
}

/** Without a log there is nothing that masks secrets: an unexpected error shows where it happened, not what it said. */
function startFailure(error: unknown): object {
  const stack = error instanceof Error ? error.stack?.split("\n").filter((line) => /^\s+at /.test(line)) : undefined;
  return { ...toFailure(error), stack };
}
