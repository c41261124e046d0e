import { redact } from "@appliance/errors";
import { destination, pino, stdTimeFunctions, type Logger } from "pino";
import type { AgentConfig } from "./config.ts";

const MASK = "[redacted]";

/** Keys that carry a secret wherever they stand, two levels deep: what is deeper is caught by its value. */
const SECRET_KEYS = ["password", "passphrase", "token", "secret", "authorization", "cookie"];

export interface LogOptions {
  config: Pick<AgentConfig, "name" | "logLevel" | "http" | "queue">;
  /** Further values that must never be seen, such as those of the slice; asked for at every line. */
  secrets?: () => Iterable<string>;
  /** Where lines go; default standard output. */
  write?: (line: string) => void;
}

/** The agent's log: one JSON object a line, secrets masked by key and by value. */
export function createLog({ config, secrets = () => [], write = toStdout() }: LogOptions): Logger {
  const known = [config.http.token, config.queue.password ?? ""];
  const options = {
    level: config.logLevel,
    base: { agent: config.name },
    timestamp: stdTimeFunctions.isoTime,
    serializers: { err: describeError },
    redact: { paths: SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: MASK },
  };
  return pino(options, { write: (line: string) => write(redact(line, asWrittenInJson([...known, ...secrets()]))) });
}

/**
 * An error without the rest of its properties: drivers hang the command that failed onto it, and a failed login to Redis holds
 * the password there.
 */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const { code, remedy } = error as { code?: unknown; remedy?: unknown };
  return { name, message, code, remedy, stack, cause: cause === undefined ? undefined : describeError(cause) };
}

/** Not through `process.stdout`, which may still hold lines back when the process exits. */
function toStdout(): (line: string) => void {
  const stdout = destination({ fd: 1, sync: true });
  return (line) => void stdout.write(line);
}

/** A quote or a line end inside a secret stands escaped in the line. */
function asWrittenInJson(secrets: string[]): string[] {
  return secrets.flatMap((secret) => [secret, ...secret.split("\n").map((line) => JSON.stringify(line).slice(1, -1))]);
}
