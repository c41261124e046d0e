import { existsSync, readdirSync } from "node:fs";
import { tarOfCheckout } from "./checkout.ts";
import { docker, dockerList, imageIds, savedImages } from "./docker.ts";
import { hostImage, type HostImage } from "./host-image.ts";
import { imageStore, seed, storeMount } from "./image-store.ts";
import { KEPT, OWNER_LABEL, removeLeftovers, thisProcess } from "./leftovers.ts";
import { type RunOptions, type RunResult, waitFor } from "./process.ts";

const NETWORK = "appliance-lab";
const PREFIX = "appliance-lab-";
/** systemd counts as booted when the services are up that start with it, an appliance among them. */
const BOOT_MS = 300_000;
/** The first process of a host without systemd. */
const NO_SYSTEMD = ["sleep", "infinity"];
const MACHINE_AUTHORITIES = "/usr/local/share/ca-certificates";

/** A virtual host: systemd and a Docker engine of its own in a container. Other hosts reach it as `NAME.test`. */
export interface Host {
  readonly name: string;
  /** The name by which other virtual hosts and their containers reach it. */
  readonly domain: string;
  /** Its page as this machine reaches it, `https://ADDRESS`; the address can change with each boot. */
  readonly publishedUrl: string;
  /** Runs a program inside, as root. @throws Error with its output unless it ends with 0 or `allowFailure` is set. */
  exec(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  /** An orderly shutdown and a new start; /run is empty afterwards. */
  reboot(): Promise<void>;
  /** Everything in it is killed at once, then it starts again. */
  cutPower(): Promise<void>;
  /** Waits until it is up again after a reboot that was asked for inside. */
  waitForBoot(): Promise<void>;
  cutNetwork(): Promise<void>;
  joinNetwork(): Promise<void>;
  /** Gives it images of this machine. Large ones it has sooner from its start, see `images`. */
  loadImages(images: readonly string[]): Promise<void>;
  /** Copies the files of a checkout, without what git ignores. */
  copyIn(checkout: string, dest: string): Promise<void>;
  /** Ends it and all it stored. */
  remove(): Promise<void>;
}

export interface HostOptions {
  /** Unique on this machine while it lives. Letters, digits and hyphens. */
  name: string;
  /** Default `host`, with an engine. */
  image?: HostImage;
  /** Images of this machine that its engine has from the start. They are prepared once, for all hosts that want the same. */
  images?: readonly string[];
  /** Default true. Without systemd nothing starts by itself, neither at boot nor when a package is installed. */
  systemd?: boolean;
  /** Memory limit as docker writes it, like `6g`. Default: none. */
  memory?: string;
  /** May use loop devices of this machine as its disks: `mknod` in it makes one of them seen. Default: no block device. */
  loopDevices?: boolean;
  /** Further names by which other virtual hosts reach it, until its network is cut. */
  aliases?: readonly string[];
  /** Lives on after this process, until it is removed by name. */
  keep?: boolean;
}

/**
 * Starts a fresh virtual host and waits until it has booted. Leftovers of killed runs are removed first.
 * @throws Error when a living host has this name.
 */
export async function startHost(options: HostOptions): Promise<Host> {
  await removeLeftovers();
  await ensureNetwork();
  const image = await hostImage(options.image ?? "host");
  const store = options.images && (await imageStore(options.images));
  const label = `${OWNER_LABEL}=${options.keep ? KEPT : thisProcess()}`;
  const container = PREFIX + options.name;
  await docker(["volume", "create", `--label=${label}`, container]);
  await createContainer([...hostArguments(options, label), ...(store ? [storeMount(store)] : [])], image, options);
  const host = attachHost(options.name);
  try {
    if (store) await seed(container, store);
    await docker(["start", container]);
    await host.waitForBoot();
    await trustWhatThisMachineTrusts(options.name);
  } catch (error) {
    await host.remove();
    throw error;
  }
  return host;
}

/**
 * CAP_SYS_RESOURCE is one that a machine may not have; systemd and the engine run without it. An old engine gives it to "ALL" all
 * the same, unless told not to, and then cannot start the container; a new one refuses to drop what is not there.
 */
async function createContainer(args: readonly string[], image: string, { systemd }: HostOptions): Promise<void> {
  const create = [...args, image, ...(systemd === false ? NO_SYSTEMD : [])];
  const withDrop = ["create", "--cap-drop=SYS_RESOURCE", ...create];
  const { code, stderr } = await docker(withDrop, { allowFailure: true });
  if (code !== 0) await docker(stderr.includes("invalid CapDrop") ? ["create", ...create] : withDrop);
}

function hostArguments({ name, memory, loopDevices, aliases = [] }: HostOptions, label: string): string[] {
  const powers = ["--cap-add=ALL", ...["seccomp", "apparmor", "systempaths"].map(unconfined)];
  const memoryLimit = memory ? [`--memory=${memory}`] : [];
  return [
    `--name=${PREFIX}${name}`,
    `--hostname=${name}.test`,
    `--label=${label}`,
    `--network=${NETWORK}`,
    ...[`${name}.test`, ...aliases].map((alias) => `--network-alias=${alias}`),
    ...powers,
    ...memoryLimit,
    ...(loopDevices ? ["--device-cgroup-rule=b 7:* rmw"] : []),
    // A reboot asked for inside ends process 1 by a signal, and the engine then starts it again.
    "--restart=on-failure",
    "--tmpfs=/run:exec,mode=755",
    "--tmpfs=/run/lock",
    "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw",
    // Overlay file systems do not stack: its engine needs a folder of this machine's own file system.
    `--volume=${PREFIX}${name}:/var/lib/docker`,
    "--env=NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt",
  ];
}

const unconfined = (what: string) => `--security-opt=${what}=unconfined`;

/** Two runs may find the network missing at once; only the creation that came second fails. */
async function ensureNetwork(): Promise<void> {
  const created = await docker(["network", "create", NETWORK], { allowFailure: true });
  if (created.code !== 0) await docker(["network", "inspect", NETWORK]);
}

/** The authorities of a site, such as that of a proxy which opens TLS: a real host there has them too. */
async function trustWhatThisMachineTrusts(name: string): Promise<void> {
  const own = existsSync(MACHINE_AUTHORITIES) ? readdirSync(MACHINE_AUTHORITIES) : [];
  if (own.length === 0) return;
  await docker(["cp", MACHINE_AUTHORITIES, `${PREFIX}${name}:/usr/local/share/`]);
  await docker(["exec", `${PREFIX}${name}`, "update-ca-certificates"]);
}

/** The handle of a virtual host that was started before, by this process or another. */
export function attachHost(name: string): Host {
  const container = `${PREFIX}${name}`;
  let address = "";

  const exec: Host["exec"] = (argv, options = {}) => {
    const limit = options.timeoutMs ?? 600_000;
    // `docker exec` cannot end what it started, so a program inside does it; the outer limit is for a dead engine.
    const inside = ["timeout", "--kill-after=5", String(limit / 1000), ...argv];
    return docker(["exec", "--interactive", container, ...inside], { ...options, timeoutMs: limit + 10_000 });
  };

  const inspect = async (format: string) => (await docker(["inspect", "--format", format, container])).stdout.trim();
  const readAddress = async () => {
    address = await inspect(`{{(index .NetworkSettings.Networks "${NETWORK}").IPAddress}}`);
  };

  const waitForBoot = async () => {
    // "degraded" is up, too: a container cannot load kernel modules. "offline" is said where there is no systemd, but
    // also in the first moments of one: it has yet to make the folder by which it is known.
    const up = (await inspect("{{.Path}}")) === NO_SYSTEMD[0] ? ["offline"] : ["running", "degraded"];
    await waitFor(`${name} to boot`, BOOT_MS, async () => {
      const { stdout } = await exec(["systemctl", "is-system-running"], { allowFailure: true, timeoutMs: 10_000 });
      return up.includes(stdout.trim());
    });
    await readAddress();
  };

  return {
    name,
    domain: `${name}.test`,
    get publishedUrl() {
      return `https://${address}`;
    },
    exec,
    waitForBoot,
    async reboot() {
      await docker(["restart", "--time=90", container]);
      await waitForBoot();
    },
    async cutPower() {
      await docker(["kill", container]);
      await docker(["start", container]);
      await waitForBoot();
    },
    async cutNetwork() {
      await docker(["network", "disconnect", NETWORK, container]);
    },
    async joinNetwork() {
      await docker(["network", "connect", "--alias", `${name}.test`, NETWORK, container]);
      await readAddress();
    },
    async loadImages(images) {
      await imageIds(images); // One that is missing is named before anything is sent.
      await exec(["docker", "load", "--quiet"], { input: savedImages(images) });
    },
    async copyIn(checkout, dest) {
      await exec(["mkdir", "-p", dest]);
      await exec(["tar", "-C", dest, "-x"], { input: await tarOfCheckout(checkout) });
    },
    async remove() {
      await docker(["rm", "--force", "--volumes", container]);
      await docker(["volume", "rm", "--force", container]);
    },
  };
}

/** The names of all virtual hosts of this machine, also of other runs. */
export async function listHosts(): Promise<string[]> {
  const filters = [`--filter=label=${OWNER_LABEL}`, `--filter=name=^${PREFIX}`];
  const names = await dockerList(["ps", "--all", ...filters, "--format={{.Names}}"]);
  return names.map((name) => name.slice(PREFIX.length));
}
