import { readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../tools/lab/index.ts";
import { docker, lines } from "./docker.ts";
import { isLeftover } from "./owner.ts";

/** Removes what runs that were killed have left. */
export async function removeLeftovers(): Promise<void> {
  await removeOwned(isLeftover);
}

/** Removes containers, networks and folders whose name `isOwn` knows; folders with what is mounted in them. */
export async function removeOwned(isOwn: (name: string) => boolean): Promise<void> {
  const format = '{{.ID}} {{.Label "com.docker.compose.project"}} {{.Names}}';
  for (const line of await lines(["ps", "--all", "--no-trunc", "--format", format])) {
    const [id = "", ...names] = line.split(" ");
    if (names.some(isOwn)) await docker(["rm", "--force", "--volumes", id], { allowFailure: true });
  }
  for (const name of await lines(["network", "ls", "--format", "{{.Name}}"]))
    if (isOwn(name)) await docker(["network", "rm", name]);
  for (const name of readdirSync(tmpdir()).filter(isOwn)) await removeFolder(join(tmpdir(), name));
}

async function removeFolder(folder: string): Promise<void> {
  await run("umount", ["--lazy", join(folder, "root/run")], { allowFailure: true });
  rmSync(folder, { recursive: true });
}
