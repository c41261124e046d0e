import { join } from "node:path";
import { createLog, parseAgentConfig } from "@appliance/agent";
import { runCommand } from "@appliance/command";
import { toFailure } from "@appliance/errors";
import { createProducer } from "@appliance/jobs";
import { toConfig, Variables } from "../config.ts";
import { createMounts } from "../mounts.ts";
import { readSlice, secretsIn, type BackupAgentSlice } from "../slice.ts";
import { createTargets } from "../targets/targets.ts";
import { createTurns } from "../targets/turns.ts";
import { recoverCommand } from "./command.ts";
import { connectServer } from "./database-server.ts";

/**
 * The command `recover` as a process of its own: lines for update-agent on standard output, the log on standard error.
 */
export async function runRecoverCommand(args: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const write = (line: string) => void process.stdout.write(`${line}\n`);
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => stop.abort());
  try {
    const { close, ...composed } = compose(env);
    process.exitCode = await recoverCommand({ args, ...composed, write, signal: stop.signal });
    await close();
  } catch (error) {
    // Its container is not as it should be: no secret is known yet that could stand in this line.
    write(JSON.stringify({ failure: toFailure(error) }));
    process.exitCode = 1;
  }
}

/** What it makes in `/volatile` lies apart, since it is root's and the standing agent is not. */
function compose(env: NodeJS.ProcessEnv) {
  const { variables, ...shared } = parseAgentConfig("backup-agent", env, Variables);
  const config = toConfig(variables);
  let known: BackupAgentSlice | undefined;
  const secrets = () => secretsIn(known);
  const log = createLog({ config: shared, secrets, write: (line) => void process.stderr.write(line) });
  const slice = async () => (known = await readSlice(shared.sliceDir));
  const producer = createProducer({ connection: shared.queue, agent: shared.name, log });
  const volatileDir = join(config.volatileDir, "recovery");
  const { dataDir, scratchDir, localTargets: local } = config;
  const given = { slice, run: runCommand, now: () => new Date(), volatileDir };
  const targets = createTargets({
    ...given,
    mounts: createMounts(producer, log),
    turns: createTurns(),
    scratchDir,
    local,
  });
  const server = connectServer(config.databaseSocketDir);
  return { deps: { ...given, dataDir, targets, server, log }, secrets, close: () => producer.close() };
}
