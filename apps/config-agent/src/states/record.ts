import { createHash } from "node:crypto";
import type { CommandRun } from "@appliance/states";
import { PATHS } from "../paths.ts";
import type { RootFiles } from "../root-files.ts";

/** What cannot be seen of the host itself: which commands ran, and which services still have to start again. */
export interface StateRecord {
  hasRun(command: CommandRun): Promise<boolean>;
  setRun(command: CommandRun): Promise<void>;
  mustRestart(unit: string): Promise<boolean>;
  /** Before what a service watches changes: a run that dies in between leaves the restart to the next one. */
  setRestart(unit: string, must: boolean): Promise<void>;
}

interface Content {
  /** Digests, since a command may hold a secret. */
  commands: string[];
  restarts: string[];
}

const FILE = `${PATHS.control}/states.json`;
const MOST_COMMANDS = 1000;

export function createStateRecord(files: RootFiles): StateRecord {
  const read = async (): Promise<Content> => {
    const text = await files.read(FILE);
    return text ? (JSON.parse(text.toString("utf8")) as Content) : { commands: [], restarts: [] };
  };
  const write = (content: Content) => files.write(FILE, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  return {
    hasRun: async (command) => (await read()).commands.includes(digestOf(command)),
    async setRun(command) {
      const { commands, restarts } = await read();
      await write({ commands: [...new Set([...commands, digestOf(command)])].slice(-MOST_COMMANDS), restarts });
    },
    mustRestart: async (unit) => (await read()).restarts.includes(unit),
    async setRestart(unit, must) {
      const { commands, restarts } = await read();
      if (restarts.includes(unit) === must) return;
      await write({ commands, restarts: must ? [...restarts, unit] : restarts.filter((other) => other !== unit) });
    },
  };
}

function digestOf({ command, cwd, env }: CommandRun): string {
  return createHash("sha256")
    .update(JSON.stringify([command, cwd, env]))
    .digest("hex");
}
