import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import type { Log } from "@appliance/jobs";
import type * as z from "zod";
import { notReady, READY, type ReadyState } from "./ready.ts";
import { watchFile } from "./watch-file.ts";

/** The agent's part of env.yml, kept as the file in its folder is. */
export interface Slice<T> {
  /** The last good one; undefined until there is one. */
  current: () => T | undefined;
  /** Whether there is a good one, and if not, what is missing. */
  ready: () => ReadyState;
  /** Calls back at once when there is a slice already, and whenever another good one has come. */
  onChange(listener: (slice: T) => void): void;
  close(): void;
}

export interface SliceOptions<S extends z.ZodType> {
  dir: string;
  schema: S;
  log: Log;
}

type Read<T> = { slice: T } | { problem: string };

/**
 * Follows `env.json` in `dir`. Folder and file may come late, and the file is replaced as a whole; a bad one is reported, and
 * the last good one stays in use. The first look is over when this returns.
 */
export async function watchSlice<S extends z.ZodType>(options: SliceOptions<S>): Promise<Slice<z.output<S>>> {
  const { dir, schema, log } = options;
  const file = join(dir, "env.json");
  const listeners: ((slice: z.output<S>) => void)[] = [];
  let current: { slice: z.output<S> } | undefined;
  let problem = "";

  const watching = await watchFile(file, async () => {
    const read = await readSlice(file, schema);
    if ("problem" in read) {
      problem = read.problem;
      log.warn({ problem }, "slice cannot be used");
      return;
    }
    current = read;
    log.info({ file }, "slice was read");
    for (const listener of listeners) tell(listener, read.slice, log);
  });
  return {
    current: () => current?.slice,
    ready: () => (current ? READY : notReady(problem)),
    onChange(listener) {
      listeners.push(listener);
      if (current) tell(listener, current.slice, log);
    },
    close: () => watching.close(),
  };
}

function tell<T>(listener: (slice: T) => void, slice: T, log: Log): void {
  try {
    listener(slice);
  } catch (err) {
    log.error({ err }, "a change of the slice was not taken over");
  }
}

async function readSlice<S extends z.ZodType>(file: string, schema: S): Promise<Read<z.output<S>>> {
  try {
    const parsed = schema.safeParse(JSON.parse(await readFile(file, "utf8")));
    if (parsed.success) return { slice: parsed.data };
    return {
      problem: `${file} does not fit this agent: ${keysOf(parsed.error)}. Bring all agents to the same version.`,
    };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: `${file} is not JSON; \`appliance apply\` writes it again.` };
    if (isSystemError(error, "ENOENT")) return { problem: `It waits for ${file}, which config-agent writes.` };
    return { problem: `${file} cannot be read (${isSystemError(error) ? error.code : "unknown reason"}).` };
  }
}

/** Names only what is wrong where: a value of the slice may be a secret. */
function keysOf(error: z.ZodError): string {
  return error.issues.map(({ path, code }) => `${path.join(":") || "the whole"} (${code})`).join(", ");
}
