import { readdirSync, readFileSync } from "node:fs";

const LOOK_EVERY_MS = 50;

/** Counts how many `docker compose up` of a project are at work at the same time, until it is stopped; whoever asked for them. */
export function watchUps(project: string): { stop: () => number } {
  let most = 0;
  const timer = setInterval(() => (most = Math.max(most, upsAtWork(project))), LOOK_EVERY_MS);
  return {
    stop() {
      clearInterval(timer);
      return most;
    },
  };
}

function upsAtWork(project: string): number {
  const commands = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(argumentsOf);
  // The docker command starts the plugin of this name, which does the work.
  const isUp = ([program = "", ...args]: string[]) =>
    program.endsWith("/docker-compose") && args.includes(`--project-name=${project}`) && args.includes("up");
  return commands.filter(isUp).length;
}

function argumentsOf(pid: string): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  } catch {
    return []; // it has ended between the list and the look
  }
}
