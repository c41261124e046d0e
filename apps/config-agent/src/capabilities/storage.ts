import { createHash } from "node:crypto";
import { OperatorError } from "@appliance/errors";
import { IDENTITIES, type Host } from "@appliance/host";
import type { Step } from "@appliance/jobs";
import { step, type Capability, type Wanted } from "../capability.ts";
import {
  markerText,
  OWN_FILE_SYSTEM,
  planStorage,
  STORAGE_TREE,
  type Found,
  type StorageEntry,
} from "../storage/plan-storage.ts";
import { fileSystemId } from "../storage/plan-volumes.ts";
import type { RootFiles } from "../root-files.ts";
import { wantedVolumes, type StorageLook } from "../storage/look.ts";

type StorageLink = Extract<StorageEntry, { kind: "link" }>;

interface StorageStep extends Step {
  entry: StorageEntry;
  marker: string;
}

interface Deps {
  host: Host;
  files: RootFiles;
  look: StorageLook;
}

/** The folders of the manual, 6.4, on the volumes that the part before has mounted. */
export function storageCapability(deps: Deps): Capability<StorageStep> {
  const { files } = deps;
  return {
    name: "storage",
    title: "Preparing the storage",
    async plan(wanted) {
      const marker = markerText(await fileSystemOfData(wanted, deps));
      const found = new Map<string, Found>();
      for (const entry of STORAGE_TREE) found.set(entry.path, await lookAt(entry, marker, files));
      refuseForeign(found);
      return planStorage(found).map((entry) =>
        step({ capability: "storage", summary: summarize(entry), entry, marker }),
      );
    },
    apply: ({ entry, marker }) => make(entry, marker, files),
  };
}

/** Which file system /data lies on; one that env.yml does not ask for has no name here. */
async function fileSystemOfData(wanted: Wanted, { host, look }: Deps): Promise<string> {
  const volume = wantedVolumes(wanted).find(({ key }) => key === "data");
  if (!volume || host.whyUnavailable("storage") !== undefined) return OWN_FILE_SYSTEM;
  return fileSystemId(await look.volume(volume, wanted));
}

async function lookAt(entry: StorageEntry, marker: string, files: RootFiles): Promise<Found> {
  const found = await files.attributes(entry.path);
  if (!found) return "absent";
  const kind = entry.kind === "marker" ? "file" : entry.kind;
  if (entry.kind === "link" && entry.keptAs && found.kind === "file") return "absent";
  if (found.kind !== kind) return { instead: `a ${found.kind} where a ${kind} belongs` };
  if (entry.kind === "link")
    return found.target === entry.target ? "as wanted" : { instead: `a link to ${found.target}` };
  if (entry.kind === "marker")
    return (await files.read(entry.path))?.toString("utf8") === marker ? "as wanted" : "absent";
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
  if (entry.kind === "marker") return `Say in ${entry.path} on which file system the data lies`;
  return `Make the folder ${entry.path}`;
}

async function make(entry: StorageEntry, marker: string, files: RootFiles): Promise<void> {
  if (entry.kind === "folder") return files.ensureFolder(entry.path, { mode: entry.mode, ...entry.owner });
  if (entry.kind === "link") return makeLink(entry, files);
  return files.write(entry.path, marker, { mode: 0o444, ...entry.owner });
}

/** Copied before the link takes its place: killed in between, the next run finds the file and does it again. */
async function makeLink({ path, target, keptAs }: StorageLink, files: RootFiles): Promise<void> {
  if (keptAs && (await files.attributes(path))?.kind === "file") await keep(path, keptAs, files);
  await files.ensureLink(path, target);
}

/** A file that was kept earlier and is another one stays too, under a name of its content. */
async function keep(path: string, keptAs: string, files: RootFiles): Promise<void> {
  const owner = { mode: 0o600, ...IDENTITIES["cert-agent"] };
  const [content, earlier] = [await files.read(path), await files.read(keptAs)];
  if (content === undefined) return;
  if (earlier && !earlier.equals(content))
    await files.write(`${keptAs}.${sha256(earlier).slice(0, 8)}`, earlier, owner);
  await files.write(keptAs, content, owner);
}

function sha256(data: Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
