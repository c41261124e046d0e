import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { docker, dockerList, imageId } from "./docker.ts";

/** `host` has a Docker engine, `bare` has none: bootstrap installs it there. */
export type HostImage = "host" | "bare";

const REPOSITORY = "appliance-lab";
const INPUTS = ["Dockerfile", "dnsmasq.conf", "daemon.json"];

/** The name of the image of virtual hosts; it is built when its sources changed. */
export async function hostImage(target: HostImage): Promise<string> {
  const name = `${REPOSITORY}/${target}:${contentHash()}`;
  if (!(await imageId(name))) {
    await docker(["build", "--target", target, "--tag", name, import.meta.dirname]);
    await removeOlder(`${REPOSITORY}/${target}`, name);
  }
  return name;
}

/** One that a host still runs on stays: the engine refuses to remove it. */
async function removeOlder(repository: string, current: string): Promise<void> {
  const names = await dockerList(["image", "ls", "--format={{.Repository}}:{{.Tag}}", repository]);
  for (const name of names) if (name !== current) await docker(["image", "rm", name], { allowFailure: true });
}

function contentHash(): string {
  const hash = createHash("sha256");
  for (const file of INPUTS) hash.update(readFileSync(join(import.meta.dirname, file)));
  return hash.digest("hex").slice(0, 12);
}
