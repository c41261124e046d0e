import { readFileSync } from "node:fs";
import { docker, dockerList } from "./docker.ts";

/** On everything the lab makes: the process it belongs to, or `KEPT` for what only `remove` ends. */
export const OWNER_LABEL = "appliance.lab.owner";
export const KEPT = "kept";

/** A process id alone may be given out again, so its start belongs to the name. */
export function thisProcess(): string {
  return `${process.pid}-${startOf(process.pid)}`;
}

/** Removes the hosts and volumes of test runs that were killed before they could do so. */
export async function removeLeftovers(): Promise<void> {
  for (const id of await ownedByTheDead(["ps", "--all"])) await removeContainer(id);
  for (const id of await ownedByTheDead(["volume", "ls"], "{{.Name}}")) await docker(["volume", "rm", "--force", id]);
}

/** Two that start at once find the same leftovers: what another removes already needs no removal. */
async function removeContainer(id: string): Promise<void> {
  const { code, stderr } = await docker(["rm", "--force", "--volumes", id], { allowFailure: true });
  if (code !== 0 && !/already in progress|No such container/i.test(stderr)) throw new Error(stderr);
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
