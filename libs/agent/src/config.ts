import { readFileSync } from "node:fs";
import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import type { AgentName, QueueConnection } from "@appliance/jobs";
import * as z from "zod";

/** What every agent is told by its container. */
export interface AgentConfig {
  name: AgentName;
  http: { host: string; port: number; token: string };
  queue: QueueConnection;
  /** The folder in which the agent's slice of env.yml appears as `env.json`. */
  sliceDir: string;
  logLevel: LogLevel;
}

const LogLevel = z.enum(["trace", "debug", "info", "warn", "error"]);
type LogLevel = z.infer<typeof LogLevel>;

const Variables = z.object({
  QUEUE_URL: z.url({ protocol: /^rediss?$/ }),
  /** Holds `queue-password` and `http-token`: a secret in the environment would be seen by whoever may inspect the container. */
  SECRETS_DIR: z.string().min(1),
  SLICE_DIR: z.string().min(1),
  HTTP_HOST: z.string().min(1).default("0.0.0.0"),
  HTTP_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  LOG_LEVEL: LogLevel.default("info"),
});

const NONE = z.object({});

/**
 * Reads the environment and the secret files that it points to. `own` are the variables of one agent alone; they come back
 * as `variables`.
 * @throws OperatorError `AGENT_CONFIG_INVALID` that names every bad variable and file at once.
 */
export function parseAgentConfig<Own extends z.ZodType = typeof NONE>(
  name: AgentName,
  env: NodeJS.ProcessEnv,
  own: Own = NONE as z.ZodType as Own,
): AgentConfig & { variables: z.output<Own> } {
  const [shared, special] = [Variables.safeParse(env), own.safeParse(env)];
  const secrets = readSecrets(env.SECRETS_DIR);
  const problems = [...problemsOf(shared.error), ...problemsOf(special.error), ...secrets.problems];
  if (problems.length > 0 || !shared.success || !special.success) throw invalid(name, problems);
  const { QUEUE_URL, SLICE_DIR, HTTP_HOST, HTTP_PORT, LOG_LEVEL } = shared.data;
  return {
    name,
    http: { host: HTTP_HOST, port: HTTP_PORT, token: secrets.httpToken },
    queue: { url: QUEUE_URL, username: name, password: secrets.queuePassword },
    sliceDir: SLICE_DIR,
    logLevel: LOG_LEVEL,
    variables: special.data,
  };
}

function problemsOf(error: z.ZodError | undefined): string[] {
  return (error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`);
}

function readSecrets(folder: string | undefined) {
  const problems: string[] = [];
  const read = (file: string): string => {
    if (!folder) return ""; // the missing variable is a problem already
    try {
      const secret = readFileSync(join(folder, file), "utf8").trim();
      if (secret === "") problems.push(`SECRETS_DIR: ${join(folder, file)} is empty`);
      return secret;
    } catch (error) {
      problems.push(`SECRETS_DIR: ${join(folder, file)} cannot be read (${(error as NodeJS.ErrnoException).code})`);
      return "";
    }
  };
  return { queuePassword: read("queue-password"), httpToken: read("http-token"), problems };
}

function invalid(name: AgentName, problems: string[]): OperatorError {
  return new OperatorError("AGENT_CONFIG_INVALID", `${name} cannot start: ${problems.join("; ")}`, {
    remedy: "Correct these in the compose file, or let `appliance start` prepare the folders again.",
  });
}
