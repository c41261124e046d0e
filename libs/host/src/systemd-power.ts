import { randomBytes } from "node:crypto";
import { CommandError, type RunCommand } from "@appliance/command";
import type { Verb } from "./host.ts";
import { createEnter } from "./nsenter.ts";
import { OBSERVE_MS, type HostPower, type PowerOptions } from "./power.ts";
import { withPrivateFile } from "./private-file.ts";

const NAMESPACES = ["-m", "-u", "-i", "-n", "-p"];

/** systemd itself ends a unit whose asker was killed, a little after the asker would have. */
const SPARE_SECONDS = 30;

const unitOf = (verb: Verb, id: string) => `appliance-${verb.toLowerCase()}-${id}`;

/** The manager expands $NAME in the arguments of a unit; `$$` is a dollar. */
const literal = (args: readonly string[]) => args.map((arg) => arg.replaceAll("$", "$$$$"));

export interface UnitSettings {
  /** Bound by which systemd ends it, should we be gone. */
  seconds: number;
  /** Path on the host of a file with its environment. */
  environmentFile?: string | undefined;
  keepChildren?: boolean | undefined;
}

/** The command that runs a program on the host as a unit and waits for it, its streams connected to ours. */
export function waitingUnit(unit: string, settings: UnitSettings, command: readonly string[]): string[] {
  const options = ["--quiet", "--collect", "--wait", "--pipe", "--service-type=exec"];
  const properties = propertiesOf(settings).map((property) => `--property=${property}`);
  return ["systemd-run", `--unit=${unit}`, ...options, ...properties, "--", ...literal(command)];
}

function propertiesOf({ seconds, environmentFile, keepChildren }: UnitSettings): string[] {
  return [
    `RuntimeMaxSec=${seconds}`,
    ...(environmentFile === undefined ? [] : [`EnvironmentFile=${environmentFile}`]),
    ...(keepChildren ? ["KillMode=process"] : []),
  ];
}

/** The command that starts a program on the host as a unit; it ends when that has begun. */
export function lastingUnit(unit: string, command: readonly string[]) {
  return ["systemd-run", `--unit=${unit}`, "--quiet", "--collect", "--service-type=exec", "--", ...literal(command)];
}

/** The format of systemd.exec(5), EnvironmentFile: in double quotes only these four have a meaning. */
export function environmentFile(env: Readonly<Record<string, string>>): string {
  const quoted = (value: string) => `"${value.replaceAll(/[\\"`$]/g, "\\$&")}"`;
  return Object.entries(env)
    .map(([name, value]) => `${name}=${quoted(value)}\n`)
    .join("");
}

/**
 * Full powers by transient units: process 1 starts the program, so it has the host's capabilities and cgroup, not those of this
 * container. Needs SYS_ADMIN, SYS_PTRACE and SYS_CHROOT, and the host's process namespace.
 */
export function createSystemdPower({ run, root }: { run: RunCommand; root: string }): HostPower {
  const enter = createEnter(run, NAMESPACES);
  const observe: HostPower["observe"] = (program, args, options = {}) =>
    enter([program, ...args], { timeoutMs: OBSERVE_MS, ...options });

  /** The end of systemd-run is not the end of its unit. */
  const stopWith = async (unit: string, error: unknown) => {
    const ours = error instanceof CommandError && ["COMMAND_TIMEOUT", "COMMAND_ABORTED"].includes(error.code);
    if (ours) await observe("systemctl", ["stop", `${unit}.service`], { okExitCodes: [0, 5] });
  };

  const runUnit = async (verb: Verb, command: string[], options: PowerOptions, variables?: string) => {
    const { env: _env, keepChildren, ...passed } = options;
    const unit = unitOf(verb, randomBytes(6).toString("hex"));
    const seconds = Math.ceil(options.timeoutMs / 1000) + SPARE_SECONDS;
    try {
      return await enter(waitingUnit(unit, { seconds, environmentFile: variables, keepChildren }, command), passed);
    } catch (error) {
      await stopWith(unit, error);
      throw error;
    }
  };

  return {
    observe,
    run: (verb, program, args, options) => {
      const command = [program, ...args];
      if (!options.env) return runUnit(verb, command, options);
      const secrets = [...(options.secrets ?? []), ...Object.values(options.env)];
      // Not --setenv: the process list and `systemctl show` show it to every user of the host.
      return withPrivateFile(root, environmentFile(options.env), (path) =>
        runUnit(verb, command, { ...options, secrets }, path),
      );
    },
    start: async (verb, id, program, args) => {
      await enter(lastingUnit(unitOf(verb, id), [program, ...args]), { timeoutMs: OBSERVE_MS });
    },
  };
}
