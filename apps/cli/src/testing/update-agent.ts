import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestInstallation } from "./installation.ts";
import { startRealAgent } from "./real-agent.ts";

const IMAGE = "debian:trixie-slim";

/**
 * The real update-agent, for an application whose service `ecs.web` is never started and has what x-appliance declares.
 * @returns what ends it, and takes away what compose made
 */
export async function startUpdateAgent(
  appliance: TestInstallation,
  httpPort: number,
  declaration: object,
): Promise<() => Promise<void>> {
  const { checkout } = appliance;
  const application = `cli${randomBytes(4).toString("hex")}`;
  const service = { image: IMAGE, init: true, network_mode: "none" };
  const composeFile = "compose/demo/compose.yml";
  for (const folder of ["compose/demo", "slice"]) mkdirSync(join(checkout, folder), { recursive: true });
  const write = (path: string, content: object) => writeFileSync(join(checkout, path), JSON.stringify(content));
  write(composeFile, { services: { "ecs.web": service }, "x-appliance": declaration });
  write("slice/env.json", { timezone: "UTC", compose: {}, application: { composeFile, environment: {} } });
  const stop = await startRealAgent(appliance, {
    name: "update-agent",
    httpPort,
    settings: { APPLIANCE_CHECKOUT: checkout, APPLICATION_PROJECT: application, WORK_DIR: checkout },
  });
  return async () => {
    await stop();
    removeNetworks(application);
  };
}

/** Containers of operations update-agent takes away itself. */
function removeNetworks(project: string): void {
  const filter = `label=com.docker.compose.project=${project}`;
  const found = execFileSync("docker", ["network", "ls", "--quiet", "--filter", filter], { encoding: "utf8" });
  const ids = found.split("\n").filter(Boolean);
  if (ids.length > 0) execFileSync("docker", ["network", "rm", ...ids], { stdio: "ignore" });
}
