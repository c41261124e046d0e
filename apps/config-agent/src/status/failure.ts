import type { Failure } from "@appliance/errors";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";

/** The failure that keeps the appliance from starting again by itself until it is cleared. */
export interface StoredFailure extends Failure {
  /** ISO 8601 */
  since: string;
}

/**
 * `/run/appliance-failed`: what failed, as text that `cat` shows and this module reads. Removing the file by hand clears the
 * failure, so its presence is the truth; only one that could not be written is remembered beside it.
 */
export interface FailureFile {
  read(): Promise<StoredFailure | undefined>;
  write(failure: Failure): Promise<void>;
  clear(): Promise<void>;
}

export function createFailureFile(files: RootFiles, now: () => Date): FailureFile {
  // A full disk may be the very failure: then it is known as long as this agent lives.
  let unwritten: StoredFailure | undefined;
  return {
    async read() {
      const text = await files.read(PATHS.failed);
      return text ? parseFailure(text.toString("utf8")) : unwritten;
    },
    async write(failure) {
      unwritten = { ...failure, since: now().toISOString() };
      await files.write(PATHS.failed, renderFailure(unwritten), { mode: 0o644 });
      unwritten = undefined;
    },
    async clear() {
      unwritten = undefined;
      await files.remove(PATHS.failed);
    },
  };
}

const FIELDS = ["code", "since", "message", "remedy"] as const;

/** One field a line; further lines of a value are indented. */
export function renderFailure(failure: StoredFailure): string {
  return FIELDS.map((field) => `${field}: ${failure[field].replaceAll("\n", "\n  ")}\n`).join("");
}

/** A file that somebody made by hand (`touch`) is a failure too, without a known cause. */
export function parseFailure(text: string): StoredFailure {
  const found: Partial<Record<string, string>> = {};
  for (const entry of text.split(/\n(?! )/)) {
    const [, field, value] = /^(\w+): ([\s\S]*)$/.exec(entry) ?? [];
    if (field && value !== undefined) found[field] = value.replaceAll("\n  ", "\n").trim();
  }
  return {
    code: found["code"] ?? "UNKNOWN",
    since: found["since"] ?? new Date(0).toISOString(),
    message: found["message"] ?? `${PATHS.failed} exists and names no cause.`,
    remedy: found["remedy"] ?? "Look for the cause with `appliance logs`, then run `appliance failed clear`.",
  };
}
