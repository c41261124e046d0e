import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import type { HostPackages, PackageWork, TaskState } from "@appliance/host";

const LOOK_EVERY_MS = 1000;

/**
 * Package work to its end. It runs as a task of the host, so that it survives this agent and an engine that is upgraded by it;
 * asked again, the same work under way is waited for and not begun twice.
 * @throws OperatorError `PACKAGES_FAILED` with the end of apt's output
 */
export async function runPackageWork(
  packages: HostPackages,
  work: PackageWork,
  signal: AbortSignal,
): Promise<TaskState & { state: "done" }> {
  const id = taskId(work);
  let restarted = false;
  for (;;) {
    await packages.start(id, work);
    const ended = await waitForEnd(packages, id, signal);
    await packages.forget(id);
    if (ended.state === "done" && ended.exitCode === 0) return ended;
    if (ended.state === "done" || restarted)
      throw failed(work, ended.state === "done" ? ended.output : "it was cut off twice");
    restarted = true;
  }
}

async function waitForEnd(packages: HostPackages, id: string, signal: AbortSignal) {
  for (;;) {
    const state = await packages.poll(id);
    if (state.state === "done" || state.state === "interrupted") return state;
    if (state.state === "absent") throw new Error(`package work ${id} vanished`);
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

/** The same work has the same id, so that an agent that was killed finds what it began. */
function taskId(work: PackageWork): string {
  return createHash("sha256").update(JSON.stringify(work)).digest("hex").slice(0, 12);
}

function failed(work: PackageWork, output: string): OperatorError {
  const what = work.action === "install" ? `install ${work.names.join(", ")}` : "upgrade the packages";
  const unknown = unknownPackages(output);
  if (unknown.length > 0)
    return new OperatorError("PACKAGE_UNKNOWN", `apt knows no package ${unknown.join(", ")} for this host`, {
      remedy: "Correct the name in appliance:extra of env.yml, then run `appliance apply`.",
    });
  const last = output.trim().split("\n").slice(-3).join(" / ");
  return new OperatorError("PACKAGES_FAILED", `apt could not ${what}: ${last}`, {
    remedy:
      "Check the names in appliance:extra:packages and that the host reaches its package mirror, then run `appliance apply`.",
  });
}

function unknownPackages(output: string): string[] {
  const said = /^E: (?:Unable to locate package (\S+)|Package '([^']+)' has no installation candidate)/gm;
  return [...new Set([...output.matchAll(said)].map(([, located, installable]) => located ?? installable ?? ""))];
}
