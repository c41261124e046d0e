import { createHash } from "node:crypto";
import { existsSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { docker, dockerList, imageIds, savedImages } from "./docker.ts";
import { hostImage } from "./host-image.ts";
import { OWNER_LABEL, removeLeftovers, thisProcess } from "./leftovers.ts";
import { run } from "./process.ts";

/** Images as the engine of a virtual host stores them, in a volume of this machine. */
export interface ImageStore {
  readonly volume: string;
  /** The volume as this machine reaches it. */
  readonly folder: string;
}

const PREFIX = "appliance-image-store-";
/** Two versions of the appliance, of 3 GB each, and the small one of the lab's own tests. */
const KEPT_STORES = 3;
const MAKE_MS = 1_800_000;
const ENGINE_DIR = "/var/lib/docker";
/** Where a host has the store, read-only. */
const STORE_DIR = "/var/lib/appliance-lab";
/** In the volume: what an engine knows of its images, which each host has a copy of. There once all is complete. */
const KNOWN = "known";
/** In the volume: the files of the layers. Where an engine looks for them, it finds links to them. */
const LAYERS = "layers";

/** Loads images from standard input and takes the engine's folder apart. Begins anew where a killed run ended. */
const MAKE = `set -eu
cd ${ENGINE_DIR}
find . -mindepth 1 -delete
dockerd --storage-driver=overlay2 --bridge=none --iptables=false --ip6tables=false 2>/tmp/engine.log & engine=$!
until docker info >/dev/null 2>&1; do kill -0 $engine || { cat /tmp/engine.log >&2; exit 1; }; sleep 0.2; done
docker load --quiet
kill $engine
wait $engine || :
mkdir -m 710 ${LAYERS} unfinished
for diff in overlay2/*/diff; do
    layer=${LAYERS}/$(basename "\${diff%/diff}")
    mv "$diff" "$layer"
    ln -s "${STORE_DIR}/$layer" "$diff"
done
mv image overlay2 unfinished
sync -f .
mv unfinished ${KNOWN}`;

/**
 * The store of these images, made once for the same content however many ask for it at the same time.
 * @throws Error naming an image that this machine does not have.
 */
export async function imageStore(images: readonly string[]): Promise<ImageStore> {
  const volume = await storeName(images);
  await docker(["volume", "create", volume]);
  const folder = await folderOf(volume);
  while (!isComplete(folder)) await ((await lock(volume)) ? make({ volume, folder }, images) : othersTurn(volume));
  utimesSync(join(folder, KNOWN), new Date(), new Date());
  return { volume, folder };
}

/** The name of the volume. The engine of virtual hosts and how a store is made belong to it: they decide what it looks like. */
export async function storeName(images: readonly string[]): Promise<string> {
  const ids = await imageIds(images);
  const lines = images.map((image, index) => `${image} ${ids[index]}`).sort();
  const hash = createHash("sha256").update([MAKE, await hostImage("host"), ...lines].join("\n"));
  return PREFIX + hash.digest("hex").slice(0, 12);
}

/** Gives the empty volume of a host what its engine will know of the images. */
export async function seed(volume: string, store: ImageStore): Promise<void> {
  await run("cp", ["--archive", `${join(store.folder, KNOWN)}/.`, await folderOf(volume)]);
}

/**
 * How the container of a host has the layers. All hosts can share them, because an engine writes to none that is there. Mounts at their
 * places would not do: an engine that stops unmounts all there is below its folder.
 */
export function storeMount({ volume }: ImageStore): string {
  return `--volume=${volume}:${STORE_DIR}:ro`;
}

/** Where the engine of this machine has the files of a volume. */
async function folderOf(volume: string): Promise<string> {
  return (await docker(["volume", "inspect", "--format", "{{.Mountpoint}}", volume])).stdout.trim();
}

const isComplete = (folder: string) => existsSync(join(folder, KNOWN));

/** Another process may have made it just before this one got the lock. */
async function make({ volume, folder }: ImageStore, images: readonly string[]): Promise<void> {
  try {
    if (isComplete(folder)) return;
    const start = ["start", "--attach", "--interactive", volume];
    await docker(start, { input: savedImages(images), timeoutMs: MAKE_MS });
    await removeOthers(volume);
  } finally {
    await docker(["rm", "--force", volume]);
  }
}

/** Makes the container that will fill the volume. Its name is the lock: false when another process has it. */
async function lock(volume: string): Promise<boolean> {
  const powers = ["--cap-add=SYS_ADMIN", "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined"];
  const labels = [`--name=${volume}`, `--label=${OWNER_LABEL}=${thisProcess()}`];
  const mount = `--volume=${volume}:${ENGINE_DIR}`;
  const program = [await hostImage("host"), "sh", "-c", MAKE];
  const create = ["create", "--interactive", "--network=none", ...labels, ...powers, mount, ...program];
  const { code, stderr } = await docker(create, { allowFailure: true });
  if (code !== 0 && !stderr.includes("is already in use")) throw new Error(stderr);
  return code === 0;
}

/** Waits a while for the process that makes the store, if it still lives. */
async function othersTurn(volume: string): Promise<void> {
  await removeLeftovers();
  await docker(["wait", volume], { allowFailure: true, timeoutMs: 10_000 });
}

/** Those longest unused, and what killed runs left. The engine refuses to remove one that a container has. */
async function removeOthers(current: string): Promise<void> {
  const format = "--format={{.Name}} {{.Mountpoint}}";
  const lines = await dockerList(["volume", "ls", `--filter=name=^${PREFIX}`, format]);
  const stores = lines.map((line) => line.split(" ")).map(([volume = "", folder = ""]) => ({ volume, folder }));
  const others = stores.filter(({ volume }) => volume !== current).sort((a, b) => lastUse(b) - lastUse(a));
  const old = others.filter((store, place) => lastUse(store) === 0 || place >= KEPT_STORES - 1);
  for (const { volume } of old) await docker(["volume", "rm", volume], { allowFailure: true });
}

/** 0 for one that is not complete. */
const lastUse = ({ folder }: ImageStore) => statSync(join(folder, KNOWN), { throwIfNoEntry: false })?.mtimeMs ?? 0;
