import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestInstallation } from "./installation.ts";

const PASSWORD = "queue-password-of-a-test";
const PATIENCE_MS = 30_000;

/**
 * A real agent as a process, beside a Redis of its own. `settings` are its environment, beside what all agents have.
 * @returns what ends both
 */
export async function startRealAgent(
  { checkout, secretsOf }: TestInstallation,
  { name, httpPort, settings }: { name: string; httpPort: number; settings: NodeJS.ProcessEnv },
): Promise<() => Promise<void>> {
  const queuePort = await freePort();
  const redis = startRedis(checkout, queuePort, name);
  writeFileSync(join(secretsOf(name), "queue-password"), PASSWORD);
  const agent = spawn(process.execPath, [join(import.meta.dirname, "../../..", name, "src/main.ts")], {
    env: {
      PATH: process.env["PATH"],
      QUEUE_URL: `redis://127.0.0.1:${queuePort}`,
      SECRETS_DIR: secretsOf(name),
      SLICE_DIR: join(checkout, "slice"),
      HTTP_HOST: "127.0.0.1",
      HTTP_PORT: String(httpPort),
      LOG_LEVEL: "error",
      ...settings,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  await answers(`http://127.0.0.1:${httpPort}/readyz`);
  return async () => void (await Promise.all([end(agent), end(redis)]));
}

function startRedis(folder: string, port: number, agent: string): ChildProcess {
  const user = `user ${agent} on >${PASSWORD} ~* &* +@all`;
  const settings = [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, 'save ""', "user default off", user];
  writeFileSync(join(folder, "redis.conf"), `${settings.join("\n")}\n`);
  return spawn("redis-server", [join(folder, "redis.conf")], { stdio: "ignore" });
}

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

async function answers(url: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.ok) return;
    if (performance.now() > deadline) throw new Error(`${url} did not answer within ${PATIENCE_MS / 1000} s`);
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
