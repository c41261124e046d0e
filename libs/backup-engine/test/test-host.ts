import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand, type CommandOptions, type RunCommand } from "@appliance/command";

const IMAGE = "appliance/backup-engine:test";
const PACKAGE = join(import.meta.dirname, "..");
export const REMOTE_PROGRAM = "/opt/backup-engine/duplicity-remote";

const docker = (...args: string[]) =>
  execFileSync("docker", args, {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, DOCKER_BUILDKIT: "1" },
  }).trim();

/** A container with the backup programs and servers, and a folder that has the same path in it and here. */
export interface TestHost {
  folder: string;
  /** Runs a program in the container as a `RunCommand` does on a host. */
  run: RunCommand;
  /** Every argument of every program that was run, to look for secrets. */
  argumentsSeen: string[];
  exec(...args: string[]): string;
  /** Starts a server in the container. */
  serve(...args: string[]): void;
  /** Until something listens on `port` of the container. */
  listening(port: number): Promise<void>;
  /** Kills everything that `run` has started, at once. */
  killPrograms(): void;
  stop(): void;
}

export function startTestHost(): TestHost {
  docker("build", "--quiet", "--tag", IMAGE, join(PACKAGE, "testing"));
  const folder = mkdtempSync(join(tmpdir(), "backup-"));
  chmodSync(folder, 0o755);
  const volumes = ["--volume", `${folder}:${folder}`, "--volume", `${join(PACKAGE, "python")}:/opt/backup-engine:ro`];
  const tmpfs = ["--tmpfs", "/small:size=3m,mode=1777"];
  // Without a limit a login over ftp closes a billion files that are not open.
  const limits = ["--ulimit", "nofile=4096:4096", "--hostname", "appliance-a"];
  const id = docker("run", "--detach", "--init", ...limits, ...tmpfs, ...volumes, IMAGE);
  const mark = randomBytes(8).toString("hex");
  const argumentsSeen: string[] = [];
  return {
    folder,
    argumentsSeen,
    run: createRun(id, mark, argumentsSeen),
    exec: (...args) => docker("exec", id, ...args),
    serve: (...args) => void docker("exec", "--detach", id, ...args),
    listening: async (port) => {
      const sign = `:${port.toString(16).toUpperCase().padStart(4, "0")} `;
      const isOpen = () => docker("exec", id, "cat", "/proc/net/tcp", "/proc/net/tcp6").includes(sign);
      for (let n = 0; n < 100 && !isOpen(); n++) await sleep(100);
      if (!isOpen()) throw new Error(`nothing listens on port ${port}`);
    },
    killPrograms: () => void docker("exec", id, "kill-call", "KILL", mark),
    stop: () => {
      // Files in it belong to the users of the container.
      docker("rm", "--force", "--volumes", id);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function createRun(id: string, mark: string, argumentsSeen: string[]): RunCommand {
  let calls = 0;
  return async (program, args, options: CommandOptions) => {
    argumentsSeen.push(...args);
    const call = String(++calls);
    const { env = {}, cwd = "/", secrets = [], ...rest } = options;
    const variables = Object.entries({ ...env, APPLIANCE_CALL: mark }).flatMap(([name, value]) => [
      "--env",
      `${name}=${value}`,
    ]);
    const interactive = options.input === undefined ? [] : ["--interactive"];
    const kill = () => void docker("exec", id, "kill-call", "TERM", mark, call);
    options.signal?.addEventListener("abort", kill, { once: true });
    try {
      const command = ["exec", ...interactive, "--workdir", cwd, ...variables, id, "run-call", call, program, ...args];
      return await runCommand("docker", command, { ...rest, secrets: [...secrets, ...Object.values(env)] });
    } finally {
      options.signal?.removeEventListener("abort", kill);
    }
  };
}

/** A new folder below that of `host`. */
export function newFolder({ folder }: TestHost, name: string): string {
  const path = join(folder, `${name}-${randomBytes(3).toString("hex")}`);
  mkdirSync(path, { mode: 0o755 });
  return path;
}
