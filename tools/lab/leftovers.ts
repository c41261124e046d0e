import { readFileSync } from "node:fs";
import { docker, dockerList } from "./docker.ts";
import { waitFor } from "./process.ts";

/** On everything the lab makes: the process it belongs to, or `KEPT` for what only `remove` ends. */
export const OWNER_LABEL = "appliance.lab.owner";
export const KEPT = "kept";
const REMOVED_MS = 60_000;

/** A process id alone may be given out again, so its start belongs to the name. */
export function thisProcess(): string {
  return `${process.pid}-${startOf(process.pid)}`;
}

/** Removes the hosts and volumes of test runs that were killed before they could do so. */
export async function removeLeftovers(): Promise<void> {
  for (const id of await ownedByTheDead(["ps", "--all"])) await removeContainer(id);
  for (const id of await ownedByTheDead(["volume", "ls"], "{{.Name}}")) await docker(["volume", "rm", "--force", id]);
}

/** Two that start at once find the same leftovers: the one that comes second waits until the first has removed them. */
async function removeContainer(id: string): Promise<void> {
  await docker(["rm", "--force", "--volumes", id], { allowFailure: true });
  await waitFor(`${id} to be removed`, REMOVED_MS, async () => {
    return (await docker(["inspect", id], { allowFailure: true })).code !== 0;
  });
}

async function ownedByTheDead(list: string[], idField = "{{.ID}}"): Promise<string[]> {
  const filter = ["--filter", `label=${OWNER_LABEL}`, "--format", `${idField} {{.Label "${OWNER_LABEL}"}}`];
  const lines = await dockerList([...list, ...filter]);
  return lines.flatMap((line) => {
    const [id, owner] = line.split(" ");
    return id && owner && !isAlive(owner) ? [id] : [];
  });
}

function isAlive(owner: string): boolean {
  const [pid, start] = owner.split("-");
  return owner === KEPT || startOf(Number(pid)) === start;
}

/** proc_pid_stat(5), field 22; the second field may hold spaces but ends with the last parenthesis. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}
