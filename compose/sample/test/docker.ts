import { homedir } from "node:os";
import { runCommand } from "@appliance/command";

export interface DockerOptions {
  /** Added to the environment of docker, and so of compose. */
  env?: Readonly<Record<string, string>>;
  input?: string;
  okExitCodes?: readonly number[];
}

/** Runs the docker command and returns what it wrote, both streams together. */
export async function docker(args: readonly string[], options: DockerOptions = {}): Promise<string> {
  const { stdout, stderr } = await runCommand("docker", args, {
    timeoutMs: 600_000,
    ...options,
    env: { HOME: homedir(), ...options.env },
  });
  return (stdout + stderr).trim();
}

/** What `docker inspect` says about one thing, by a template such as `{{.State.Running}}`. */
export async function inspect(name: string, template: string): Promise<string> {
  return await docker(["inspect", "--format", template, name]);
}
