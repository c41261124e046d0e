import { execFileSync } from "node:child_process";
import { runCommand, type RunCommand } from "@appliance/command";

const INSIDE = [
  "restic",
  "duplicity",
  "gpg",
  "gpgconf",
  "gpg-connect-agent",
  "/usr/local/lib/appliance/duplicity-remote",
];

export interface Clock {
  now: () => Date;
  /** From then on it goes as any clock does. */
  set(time: Date): void;
}

export function createClock(): Clock {
  let [startedAt, since] = [0, performance.now()];
  return {
    now: () => new Date(startedAt + performance.now() - since),
    set(time) {
      [startedAt, since] = [time.getTime(), performance.now()];
    },
  };
}

/**
 * Runs the programs of the engines among the files of the container `id` and under the clock of the test, and all others here. Some
 * thousand calls are made in weeks of nights: to enter the container's mounts takes a tenth of what `docker exec` takes.
 */
export function runUnderClock(id: string, { now }: Clock): RunCommand {
  const pid = execFileSync("docker", ["inspect", "--format", "{{.State.Pid}}", id], { encoding: "utf8" }).trim();
  return (program, args, { cwd = "/", ...options }) => {
    if (!INSIDE.includes(program)) return runCommand(program, args, { cwd, ...options });
    const enter = ["--target", pid, "--mount", "--root", `--wdns=${cwd}`];
    return runCommand("nsenter", [...enter, program, ...withTime(program, args, now())], options);
  };
}

/** Each program has an option for the time of a backup; else both ask the kernel. */
function withTime(program: string, args: readonly string[], now: Date): readonly string[] {
  if (program === "duplicity") return args.toSpliced(1, 0, `--current-time=${Math.floor(now.getTime() / 1000)}`);
  const verb = args.indexOf("backup");
  if (program !== "restic" || verb === -1) return args;
  return args.toSpliced(verb + 1, 0, "--time", now.toISOString().slice(0, 19).replace("T", " "));
}
