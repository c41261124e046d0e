import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { runCommand, type RunCommand } from "@appliance/command";

const IMAGE = "appliance/backup-engine:test";
const PACKAGE = join(import.meta.dirname, "../../../../../libs/backup-engine");
const REMOTE_PROGRAMS = "/usr/local/lib/appliance";

const docker = (...args: string[]) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/** A container with the programs of both engines, in which `folder` has the same path as here. Returns its id. */
export function startEngines(folder: string): string {
  docker("build", "--quiet", "--tag", IMAGE, join(PACKAGE, "testing"));
  const volumes = ["--volume", `${folder}:${folder}`, "--volume", `${join(PACKAGE, "python")}:${REMOTE_PROGRAMS}:ro`];
  return docker("run", "--detach", "--init", "--network", "none", ...volumes, IMAGE);
}

export function stopEngines(id: string): void {
  docker("rm", "--force", "--volumes", id);
}

const ENGINE_PROGRAMS = "restic duplicity gpg gpgconf gpg-connect-agent"
  .split(" ")
  .concat(`${REMOTE_PROGRAMS}/duplicity-remote`);

/** Runs the programs of the engines in the container `id`, and all others here. */
export function runWithEngines(id: string): RunCommand {
  return (program, args, options) => {
    if (!ENGINE_PROGRAMS.includes(program)) return runCommand(program, args, options);
    const { env = {}, cwd = "/", secrets = [], ...rest } = options;
    const variables = Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
    const interactive = options.input === undefined ? [] : ["--interactive"];
    const command = ["exec", ...interactive, "--workdir", cwd, ...variables, id, program, ...args];
    return runCommand("docker", command, { ...rest, secrets: [...secrets, ...Object.values(env)] });
  };
}
