import { CommandError } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import type { CommandRun, PackageInstalled, ServiceRunning, SysctlPresent } from "@appliance/states";
import { runPackageWork } from "../package-work.ts";
import type { Difference, StateFunction, StateTools } from "./state-function.ts";

/** A condition that needs longer than this is no question any more. */
const CONDITION_MS = 60_000;

export const packageInstalled: StateFunction<PackageInstalled> = {
  async observe({ packages }, { host }) {
    const unavailable = host.whyUnavailable("packages");
    const installed = unavailable ? new Map<string, string>() : await host.packages.observe(packages);
    const missing = packages.filter((name) => installed.get(name) === undefined);
    if (missing.length === 0) return undefined;
    const changes = missing.map((what) => ({ what, to: "installed" }));
    return { summary: `Install ${missing.join(", ")}`, changes, unavailable };
  },
  apply: ({ packages }, { host, signal }) =>
    runPackageWork(host.packages, { action: "install", names: packages }, signal ?? new AbortController().signal),
};

/** `cmd.run` with an id, line and column to call it by: the command itself is never shown. */
export type NamedCommand = CommandRun & { id: string; line: number };

const titleOf = ({ id, command, line }: NamedCommand) =>
  id === command
    ? `the command of line ${line} of appliance:extra:states`
    : `the command of the state ${id.slice(0, 60)}`;

/** Without a condition it runs once, and again when it is written otherwise: an apply that finds nothing to do does nothing. */
export const commandRun: StateFunction<NamedCommand> = {
  async observe(state, tools) {
    const summary = `Run ${titleOf(state)}`;
    const unavailable = tools.host.whyUnavailable("program");
    if (unavailable !== undefined) return { summary, unavailable };
    const { onlyif, unless, creates } = state;
    if (onlyif.length + unless.length + creates.length === 0)
      return (await tools.record.hasRun(state)) ? undefined : { summary };
    const changes: Difference["changes"] = [];
    if (onlyif.length > 0) {
      if (!(await allHold(onlyif, state, tools))) return undefined;
      changes.push({ what: "onlyif", to: "holds" });
    }
    if (unless.length > 0) {
      if (await allHold(unless, state, tools)) return undefined;
      changes.push({ what: "unless", to: "does not hold" });
    }
    if (creates.length > 0) {
      if (await allExist(creates, tools)) return undefined;
      changes.push({ what: "creates", to: "does not exist" });
    }
    return { summary, changes };
  },
  async apply(state, tools) {
    const { host, log, secrets, signal } = tools;
    const onLine = (line: string) => log.info({ state: titleOf(state), line }, "a state's command says");
    const options = {
      env: state.env,
      secrets,
      timeoutMs: state.timeoutSeconds * 1000,
      onLine,
      ...(signal && { signal }),
    };
    try {
      await host.program.run({ text: inFolder(state, state.command) }, options);
    } catch (cause) {
      if (signal?.aborted || !(cause instanceof CommandError)) throw cause;
      throw failed(state, cause);
    }
    await tools.record.setRun(state);
  },
};

async function allHold(conditions: readonly string[], state: NamedCommand, { host, secrets, signal }: StateTools) {
  for (const condition of conditions)
    try {
      const options = { env: state.env, secrets, timeoutMs: CONDITION_MS, ...(signal && { signal }) };
      await host.program.run({ text: inFolder(state, condition) }, options);
    } catch (error) {
      if (error instanceof CommandError && error.code === "COMMAND_FAILED" && error.exitCode !== null) return false;
      throw error;
    }
  return true;
}

async function allExist(paths: readonly string[], { host }: StateTools): Promise<boolean> {
  for (const path of paths) if ((await host.files.look(path)).type === "missing") return false;
  return true;
}

/** In single quotes a shell reads every character as it is. */
function inFolder({ cwd }: CommandRun, text: string): string {
  return cwd === undefined ? text : `cd -- '${cwd.replaceAll("'", `'\\''`)}' || exit\n${text}`;
}

function failed(state: NamedCommand, cause: CommandError): OperatorError {
  const [, how = cause.message] = /^\S+ (.*)$/s.exec(cause.message) ?? [];
  return new OperatorError("STATE_FAILED", `${titleOf(state)} ${how}`, {
    remedy: "Read what it wrote with `appliance logs config-agent`, correct it, then run `appliance apply`.",
    cause,
  });
}

export const serviceRunning: StateFunction<ServiceRunning> = {
  async observe({ unit, enable }, { host, record }) {
    const unavailable = host.whyUnavailable("units");
    if (unavailable !== undefined) return { summary: `Start ${unit}`, unavailable };
    const { active, enabled } = await host.units.observe(unit);
    const restart = active && (await record.mustRestart(unit));
    const changes = [
      ...(active ? [] : [{ what: unit, to: "running" }]),
      ...(enable === undefined || enable === enabled
        ? []
        : [{ what: unit, to: enable ? "starts at boot" : "does not start at boot" }]),
    ];
    if (changes.length === 0 && !restart) return undefined;
    const summary = restart ? `Restart ${unit}` : active ? `Change when ${unit} starts` : `Start ${unit}`;
    return { summary, changes, restarts: restart ? [unit] : [] };
  },
  async apply({ unit, enable }, { host: { units }, record }) {
    const { active } = await units.observe(unit);
    if (!active) await units.start(unit);
    else if (await record.mustRestart(unit)) await units.restart(unit);
    await record.setRestart(unit, false);
    if (enable === true) await units.enable(unit);
    if (enable === false) await units.disable(unit);
  },
};

export const sysctlPresent: StateFunction<SysctlPresent> = {
  async observe({ key, value }, { host }) {
    const unavailable = host.whyUnavailable("sysctl");
    const wanted = value.trim().replaceAll(/\s+/g, " ");
    const summary = `Set ${key} to ${wanted}`;
    if (unavailable !== undefined) return { summary, unavailable };
    const found = await host.sysctl.observe(key);
    if (!found) throw unknownSetting(key);
    if (found.now === wanted && found.atBoot === wanted) return undefined;
    return { summary, changes: [{ what: key, from: found.now, to: wanted }] };
  },
  apply: ({ key, value }, { host }) => host.sysctl.set(key, value),
};

const unknownSetting = (key: string) =>
  new OperatorError("STATE_FAILED", `the kernel of this host has no setting ${key}`, {
    remedy: "Correct its name in appliance:extra:states, then run `appliance apply`.",
  });
