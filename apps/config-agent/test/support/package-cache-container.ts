import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { IDENTITIES } from "@appliance/host";
import { vi } from "vitest";

const COMPOSE_FILE = join(import.meta.dirname, "../../../../compose/compose.yml");
const { uid, gid } = IDENTITIES["package-cache"];
/** A network for documentation, which nobody has: to the cache it is one of the internet. Slices of 8 addresses. */
const PUBLIC_NETWORK = "192.0.2.";
const SLICES = 32;

const run = async (program: string, args: string[], env: Record<string, string> = {}) =>
  (await runCommand(program, args, { env: { HOME: "/tmp", ...env }, timeoutMs: 300_000 })).stdout.trim();
export const docker = (...args: string[]) => run("docker", args);

/** The package cache as compose runs it, published on a port of its own, and a mirror with a public address. */
export async function startPackageCache() {
  const name = `package-cache-test-${randomBytes(4).toString("hex")}`;
  const root = mkdtempSync(join(tmpdir(), `${name}-`));
  await composeOf(root, COMPOSE_FILE, "build", "--quiet", "package-cache");
  await writeServiceAlone(root);
  const compose = (...args: string[]) => composeOf(root, join(root, "compose.json"), "--project-name", name, ...args);
  let mirror: Awaited<ReturnType<typeof startMirror>> | undefined;
  const remove = async () => {
    await compose("down");
    await mirror?.remove();
    rmSync(root, { recursive: true });
  };
  try {
    mirror = await startMirror(name);
    await compose("up", "--detach", "--no-build", "package-cache");
    const id = await compose("ps", "--quiet", "package-cache");
    await docker("network", "connect", name, id);
    const running = runningCache(id, name);
    await running.untilItAnswers();
    return { ...running, mirror, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** Compose would make the networks of the whole core, which there can be only once. */
async function writeServiceAlone(root: string): Promise<void> {
  const core = await composeOf(root, COMPOSE_FILE, "--profile", "*", "config", "--format", "json");
  const {
    build: _,
    profiles: __,
    ...service
  } = (JSON.parse(core) as { services: Record<string, object> }).services["package-cache"] as Record<string, unknown>;
  writeFileSync(join(root, "compose.json"), JSON.stringify({ services: { "package-cache": service } }));
  const folder = join(root, "volatile/package-cache");
  mkdirSync(folder, { recursive: true });
  chownSync(folder, uid, gid);
}

function composeOf(root: string, file: string, ...args: string[]): Promise<string> {
  const env = { APPLIANCE_ROOT: root, APPLIANCE_VERSION: "test", APPLIANCE_PACKAGE_CACHE_PORT: "0" };
  return run("docker", ["compose", "--env-file", "/dev/null", "--file", file, ...args], env);
}

function runningCache(id: string, network: string) {
  /** Changes when the container is started anew, since nobody asks for a certain one. */
  const port = async () => Number(/:(\d+)$/m.exec(await docker("port", id, "3128"))?.[1]);
  const answers = async () => {
    if ((await ask({ port: await port() }, "http://127.0.0.1/")) !== 403) throw new Error("it answers otherwise");
  };
  return {
    port,
    untilItAnswers: () => vi.waitFor(answers, { timeout: 30_000, interval: 100 }),
    logs: () => run("sh", ["-c", 'docker logs "$1" 2>&1', "sh", id]),
    health: () => docker("inspect", "--format", "{{.State.Health.Status}}", id),
    addressOnPublicNetwork: () =>
      docker("inspect", "--format", `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, id),
    stop: () => docker("stop", id),
    async start() {
      await docker("start", id);
      await this.untilItAnswers();
    },
  };
}

export type PackageCache = Awaited<ReturnType<typeof startPackageCache>>;

/** On the host's end of a network of its own, at port 80. It tells what it was asked for, and by whom. */
async function startMirror(network: string) {
  const address = await createPublicNetwork(network);
  const asked: string[] = [];
  const server = createServer(({ method, url, headers }, response) => {
    asked.push(`${method} ${url}${headers.via === undefined ? "" : " for the cache"}`);
    response.setHeader("last-modified", new Date(0).toUTCString()).end(method === "HEAD" ? undefined : "a package");
  });
  await new Promise<void>((resolve) => void server.listen(80, address, resolve));
  const remove = async () => {
    server.close();
    await docker("network", "rm", network);
  };
  return { url: `http://${address}`, asked, remove };
}

/** Returns the host's address on it. */
async function createPublicNetwork(name: string): Promise<string> {
  const first = randomBytes(1).readUInt8() % SLICES;
  for (let tried = 0; ; tried++) {
    const slice = ((first + tried) % SLICES) * 8;
    const gateway = `${PUBLIC_NETWORK}${slice + 1}`;
    try {
      await docker("network", "create", "--subnet", `${PUBLIC_NETWORK}${slice}/29`, "--gateway", gateway, name);
      return gateway;
    } catch (error) {
      if (tried === SLICES) throw error;
    }
  }
}

/** The status with which a proxy answers who asks for a URL. */
export function ask(proxy: { host?: string; port: number }, url: string, method = "GET"): Promise<number> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", ...proxy, path: url, method, agent: false }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    // The answer to CONNECT is an event of its own.
    asking.on("connect", ({ statusCode = 0 }, socket) => resolve((socket.destroy(), statusCode)));
    asking.on("error", reject).end();
  });
}
