import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestInstallation } from "./installation.ts";

const MAIN = join(import.meta.dirname, "../../../update-agent/src/main.ts");
const PASSWORD = "queue-password-of-a-test";
const IMAGE = "debian:trixie-slim";

/** The operations of an application group that is never started: they need its compose file alone. */
export type Operations = Record<string, object>;

/**
 * The real update-agent as a process beside a Redis of its own, for a group whose service `ecs.web` has these operations.
 * @returns what ends both
 */
export async function startUpdateAgent(
  { checkout, secretsOf }: TestInstallation,
  httpPort: number,
  operations: Operations,
): Promise<() => Promise<void>> {
  const [queuePort, application] = [await freePort(), `cli${randomBytes(4).toString("hex")}`];
  const file = { services: { "ecs.web": { image: IMAGE, network_mode: "none" } }, "x-appliance": { operations } };
  for (const folder of ["compose/demo", "slice"]) mkdirSync(join(checkout, folder), { recursive: true });
  const write = (path: string, content: object) => writeFileSync(join(checkout, path), JSON.stringify(content));
  write("compose/demo/compose.yml", file);
  write("slice/env.json", {
    timezone: "UTC",
    compose: {},
    application: { composeFile: "compose/demo/compose.yml", environment: {} },
  });
  writeFileSync(join(secretsOf("update-agent"), "queue-password"), PASSWORD);
  const redis = startRedis(checkout, queuePort);
  const agent = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env["PATH"],
      QUEUE_URL: `redis://127.0.0.1:${queuePort}`,
      SECRETS_DIR: secretsOf("update-agent"),
      SLICE_DIR: join(checkout, "slice"),
      HTTP_HOST: "127.0.0.1",
      HTTP_PORT: String(httpPort),
      APPLIANCE_CHECKOUT: checkout,
      APPLICATION_PROJECT: application,
      WORK_DIR: checkout,
      LOG_LEVEL: "warn",
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await answers(`http://127.0.0.1:${httpPort}/readyz`);
  return async () => {
    await Promise.all([end(agent), end(redis)]);
    removeNetworks(application);
  };
}

function startRedis(folder: string, port: number): ChildProcess {
  const user = `user update-agent on >${PASSWORD} ~* &* +@all`;
  const settings = [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, 'save ""', "user default off", user];
  writeFileSync(join(folder, "redis.conf"), `${settings.join("\n")}\n`);
  return spawn("redis-server", [join(folder, "redis.conf")], { stdio: "ignore" });
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** What compose made for the project beside its containers, which update-agent takes away itself. */
function removeNetworks(project: string): void {
  const filter = `label=com.docker.compose.project=${project}`;
  const found = execFileSync("docker", ["network", "ls", "--quiet", "--filter", filter], { encoding: "utf8" });
  const ids = found.split("\n").filter(Boolean);
  if (ids.length > 0) execFileSync("docker", ["network", "rm", ...ids], { stdio: "ignore" });
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (performance.now() > deadline) throw new Error(`${url} did not answer within 30 s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
