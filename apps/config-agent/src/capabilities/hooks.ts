import { createHash } from "node:crypto";
import { CommandError } from "@appliance/command";
import { secretsOf } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import type { Hook, Host } from "@appliance/host";
import type { Log, Step } from "@appliance/jobs";
import { step, type Capability, type RunContext, type Wanted } from "../capability.ts";
import type { RootFiles } from "../root-files.ts";

/** The manual's four points in the order of start (docs/hooks.md). */
export type HookStage = `${"prepare-appliance" | "prepare-ecs"}.${"early" | "late"}`;

interface HookStep extends Step {
  hook: string;
  digest: string;
}

interface Deps {
  host: Host;
  files: RootFiles;
  log: Log;
}

/** What ran since the host booted or the application was stopped: hook → digest of it and of env.yml. Gone with each boot. */
const RAN = "/run/appliance/hooks.json";
const LONGEST_MS = 10 * 60_000;
/** execve(2), MAX_ARG_STRLEN: no program can be started with a longer variable. */
const LONGEST_VARIABLE = 128 * 1024 - 1;
const LINES_SHOWN = 3;

/**
 * The operator's own scripts of one stage. Each runs once a start, and again when env.yml or the hook itself has changed; one that
 * fails ends the run, and the next run begins with it.
 */
export function hooksCapability(stage: HookStage, deps: Deps): Capability<HookStep> {
  return {
    name: stage,
    title: `Running the hooks of ${stage}`,
    async plan(wanted) {
      const hooks = await deps.host.hooks.list(stage);
      refuseAny(hooks);
      const ran = await readRan(deps.files);
      const unavailable = deps.host.whyUnavailable("program");
      return hooks
        .map((hook) => ({ hook: hook.name, digest: digestOf(hook, wanted) }))
        .filter(({ hook, digest }) => ran[hook] !== digest)
        .map((one) => step({ capability: stage, summary: `Run the hook ${one.hook}`, ...one, unavailable }));
    },
    async apply({ hook, digest }, wanted, run) {
      await runHook(hook, wanted, run, deps);
      await deps.files.write(RAN, JSON.stringify({ ...(await readRan(deps.files)), [hook]: digest }), { mode: 0o600 });
    },
  };
}

/** What is started after this is a new start: every hook runs again. */
export async function forgetHooks(files: RootFiles): Promise<void> {
  await files.remove(RAN);
}

function refuseAny(hooks: readonly Hook[]): void {
  const refused = hooks.filter((hook) => hook.refused !== undefined);
  if (refused.length === 0) return;
  const list = refused.map(({ name, refused }) => `/app/etc/hooks/${name} (${refused})`).join(", ");
  throw new OperatorError("HOOK_REFUSED", `These hooks may not be run: ${list}.`, {
    remedy:
      "Let root alone own and write them and the folders above, with mode 0755, or remove them; then run `appliance apply`.",
  });
}

async function readRan(files: RootFiles): Promise<Record<string, string>> {
  const text = await files.read(RAN);
  return text ? (JSON.parse(text.toString("utf8")) as Record<string, string>) : {};
}

function digestOf({ sha256 }: Hook, { text }: Wanted): string {
  return createHash("sha256").update(sha256).update(text).digest("hex");
}

async function runHook(hook: string, wanted: Wanted, { note, signal }: RunContext, { host, log }: Deps): Promise<void> {
  note(`running the hook ${hook}`);
  const last: string[] = [];
  const onLine = (line: string, stream: "stdout" | "stderr") => {
    log.info({ hook, stream, line }, "a hook says");
    last.push(line);
    if (last.length > LINES_SHOWN) last.shift();
  };
  try {
    const secrets = secretsOf(wanted.env);
    await host.program.run({ hook }, { env: environmentOf(wanted), secrets, timeoutMs: LONGEST_MS, signal, onLine });
  } catch (cause) {
    if (signal.aborted || !(cause instanceof CommandError)) throw cause;
    throw failed(hook, cause, last);
  }
}

/** env.yml as the shell scripts of the application know it. */
function environmentOf({ flat }: Wanted): Record<string, string> {
  const fits = ([name, value]: [string, string]) => Buffer.byteLength(`${name}=${value}`) < LONGEST_VARIABLE;
  return Object.fromEntries(Object.entries(flat).filter(fits));
}

function failed(hook: string, cause: CommandError, last: readonly string[]): OperatorError {
  const how =
    cause.code === "COMMAND_TIMEOUT"
      ? `did not end within ${LONGEST_MS / 60_000} minutes`
      : `ended with ${endOf(cause)}`;
  const said = last.length === 0 ? "" : `: ${last.join(" / ")}`;
  return new OperatorError("HOOK_FAILED", `The hook /app/etc/hooks/${hook} ${how}${said}`, {
    remedy: "Read what it wrote with `appliance logs config-agent`, mend or remove it, then run `appliance apply`.",
    cause,
  });
}

const endOf = ({ exitCode, signal }: CommandError) =>
  exitCode === null ? `signal ${signal}` : `exit code ${exitCode}`;
