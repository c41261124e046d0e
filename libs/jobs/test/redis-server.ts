// oxlint-disable-next-line no-restricted-imports -- a test starts the real server by itself
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";

/** A redis-server of a test's own, in its own folder, kept on disk as the appliance's is. */
export interface RedisServer {
  url: string;
  port: number;
  /** Ends it as `docker stop` would; what it holds is on disk. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** It hangs without closing a connection, until `resume`. */
  pause(): void;
  resume(): void;
  /** A client with every right, for looking at what the code under test left behind. */
  client(): Redis;
  /** Ends the server and its clients and removes its folder. */
  remove(): Promise<void>;
}

/** @param extra further arguments, such as `["--aclfile", path]` */
export async function createRedisServer(extra: string[] = []): Promise<RedisServer> {
  const folder = await mkdtemp(join(tmpdir(), "redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const options = ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", ""];
  const durable = ["--appendonly", "yes", "--appendfsync", "always", "--maxmemory-policy", "noeviction"];
  const clients: Redis[] = [];
  let server: ChildProcess | undefined;

  const stop = async () => {
    if (!server || server.exitCode !== null) return;
    const exited = once(server, "exit");
    server.kill("SIGTERM");
    await exited;
  };
  return {
    url,
    port,
    stop,
    async start() {
      server = spawn("redis-server", [...options, ...durable, ...extra], { stdio: "ignore" });
      await waitForPort(port);
    },
    pause: () => void server?.kill("SIGSTOP"),
    resume: () => void server?.kill("SIGCONT"),
    client() {
      const client = new Redis(url, { disableClientInfo: true, retryStrategy: () => 100 });
      client.on("error", () => {}); // the server is stopped on purpose
      clients.push(client);
      return client;
    },
    async remove() {
      for (const client of clients) client.disconnect();
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function waitForPort(port: number): Promise<void> {
  const probe = new Redis({ port, disableClientInfo: true, retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  probe.on("error", () => {}); // not up yet
  try {
    await probe.ping().catch((error: Error) => {
      if (!/NOAUTH|NOPERM/.test(error.message)) throw error;
    });
  } finally {
    probe.disconnect();
  }
}
