import { OperatorError } from "@appliance/errors";
import type { Step } from "@appliance/jobs";
import { step, type Capability, type Wanted } from "../capability.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";
import { STORAGE_TREE, planStorage, type Found, type StorageEntry } from "../plan-storage.ts";

interface StorageStep extends Step {
  entry: StorageEntry;
}

/** The folders of the manual, 6.4, on the volumes that env.yml asks for. */
export function storageCapability(files: RootFiles): Capability<StorageStep> {
  return {
    name: "storage",
    title: "Preparing the storage",
    async plan(wanted) {
      await refuseAbsentVolume(wanted, files);
      const found = new Map<string, Found>();
      for (const entry of STORAGE_TREE) found.set(entry.path, await look(entry, files));
      refuseForeign(found);
      return planStorage(found).map((entry) => step({ capability: "storage", summary: summarize(entry), entry }));
    },
    apply: ({ entry }) => make(entry, files),
  };
}

const VOLUMES = [
  { path: PATHS.data, label: "ecs-data", key: "data" },
  { path: PATHS.volatile, label: "ecs-volatile", key: "volatile" },
] as const;

/** Writing below an unmounted /data would fill the root file system with data that vanishes at the next mount. */
async function refuseAbsentVolume({ env }: Wanted, files: RootFiles): Promise<void> {
  for (const { path, label, key } of VOLUMES) {
    if (env.appliance.storage.ignore[key] || (await files.isMountPoint(path))) continue;
    throw new OperatorError(
      "STORAGE_ABSENT",
      `env.yml asks for a volume of its own labelled ${label}, and nothing is mounted on ${path}.`,
      {
        remedy: `Mount it on ${path}, or set appliance:storage:ignore:${key} to true to keep it on the root file system; then run \`appliance apply\`.`,
      },
    );
  }
}

async function look(entry: StorageEntry, files: RootFiles): Promise<Found> {
  const found = await files.attributes(entry.path);
  if (!found) return "absent";
  const kind = entry.kind === "marker" ? "file" : entry.kind;
  if (found.kind !== kind) return { instead: `a ${found.kind} where a ${kind} belongs` };
  if (entry.kind === "link")
    return found.target === entry.target ? "as wanted" : { instead: `a link to ${found.target}` };
  if (entry.kind === "marker") return "as wanted";
  const { owner, mode } = entry;
  return found.uid === owner.uid && found.gid === owner.gid && found.mode === mode ? "as wanted" : "absent";
}

function refuseForeign(found: ReadonlyMap<string, Found>): void {
  const foreign = [...found].filter(([, state]) => typeof state === "object");
  if (foreign.length === 0) return;
  const list = foreign.map(([path, state]) => `${path} (${typeof state === "object" ? state.instead : ""})`).join(", ");
  throw new OperatorError("STORAGE_OCCUPIED", `Something else stands where the appliance keeps its data: ${list}.`, {
    remedy: "Move it away, keeping a copy, then run `appliance apply`.",
  });
}

function summarize(entry: StorageEntry): string {
  if (entry.kind === "link") return `Let ${entry.path} point to ${entry.target}`;
  if (entry.kind === "marker") return `Mark ${entry.path} as prepared`;
  return `Make the folder ${entry.path}`;
}

async function make(entry: StorageEntry, files: RootFiles): Promise<void> {
  if (entry.kind === "folder") return files.ensureFolder(entry.path, { mode: entry.mode, ...entry.owner });
  if (entry.kind === "link") return files.ensureLink(entry.path, entry.target);
  return files.write(entry.path, "The storage step of the appliance prepared this folder.\n", {
    mode: 0o444,
    ...entry.owner,
  });
}
