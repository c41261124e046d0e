import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import type { Readable } from "node:stream";
import { run, type RunOptions } from "./process.ts";

/** The packaged client first: another one earlier in PATH may be of another age than the engine. */
const CLIENT = existsSync("/usr/bin/docker") ? "/usr/bin/docker" : "docker";

/** Runs the docker client of this machine. */
export function docker(args: readonly string[], options?: RunOptions) {
  return run(CLIENT, args, options);
}

/** The words of a list that docker prints one a line. */
export async function dockerList(args: readonly string[]): Promise<string[]> {
  const { stdout } = await docker(args);
  return stdout.split("\n").filter((line) => line !== "");
}

export async function imageId(name: string): Promise<string | undefined> {
  const { code, stdout } = await docker(["image", "inspect", "--format", "{{.Id}}", name], { allowFailure: true });
  return code === 0 ? stdout.trim() : undefined;
}

/** @throws Error naming an image that this machine does not have. */
export async function imageIds(names: readonly string[]): Promise<string[]> {
  return await dockerList(["image", "inspect", "--format", "{{.Id}}", ...names]);
}

/** Images of this machine as `docker load` reads them, which fails when saving does. */
export function savedImages(names: readonly string[]): Readable {
  return spawn(CLIENT, ["save", ...names], { stdio: ["ignore", "pipe", "inherit"] }).stdout;
}
