import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProducer, type Producer } from "@appliance/jobs";
import type { ThrowAway } from "./throw-away-group.ts";

const PASSWORD = "queue-password-of-a-test";
const TOKEN = "http-token-of-a-test";
const MAIN = join(import.meta.dirname, "../src/main.ts");

/** update-agent as a process of its own beside a Redis of its own, for the projects of a throw-away group. */
export interface RunningAgent {
  /** Asks as config-agent does. */
  producer: Producer;
  start(): Promise<void>;
  /** Ends it with a signal and returns its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  get(path: string, token?: string): Promise<Response>;
  post(path: string, body: object): Promise<Response>;
  /** Where it answers, and the token that it wants. */
  url: string;
  token: string;
  /** What it has logged so far. */
  log(): string;
  remove(): Promise<void>;
}

export async function runningAgent(group: ThrowAway): Promise<RunningAgent> {
  const folder = mkdtempSync(join(tmpdir(), "update-agent-main-"));
  const [queuePort, httpPort] = [await freePort(), await freePort()];
  const redis = startRedis(folder, queuePort);
  mkdirSync(join(folder, "secrets"));
  writeFileSync(join(folder, "secrets/queue-password"), PASSWORD);
  writeFileSync(join(folder, "secrets/http-token"), TOKEN);
  const connection = { url: `redis://127.0.0.1:${queuePort}`, password: PASSWORD };
  const producer = createProducer({ connection, agent: "config-agent" });
  const env = environment(group, folder, connection.url, httpPort);
  let agent: ChildProcess | undefined;
  let log = "";
  const url = `http://127.0.0.1:${httpPort}`;
  const get = (path: string, token = TOKEN) =>
    fetch(`${url}${path}`, { headers: { authorization: `Bearer ${token}` } });
  const post = (path: string, body: object) => {
    const headers = { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" };
    return fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
  };
  const end = async (signal: NodeJS.Signals) => {
    if (!agent || agent.exitCode !== null || agent.signalCode !== null) return null;
    const exited = once(agent, "exit") as Promise<[number | null]>;
    agent.kill(signal);
    return (await exited)[0];
  };
  return {
    producer,
    url,
    token: TOKEN,
    get,
    post,
    end,
    log: () => log,
    async start() {
      agent = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "inherit"] });
      agent.stdout?.on("data", (text: Buffer) => (log += text.toString()));
      await retry(async () => (await get("/readyz")).ok);
    },
    async remove() {
      await end("SIGKILL");
      await producer.close();
      redis.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    },
  };
}

function environment(group: ThrowAway, folder: string, queueUrl: string, httpPort: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    QUEUE_URL: queueUrl,
    SECRETS_DIR: join(folder, "secrets"),
    SLICE_DIR: group.sliceDir,
    HTTP_HOST: "127.0.0.1",
    HTTP_PORT: String(httpPort),
    APPLIANCE_CHECKOUT: group.checkout,
    CORE_PROJECT: group.core,
    APPLICATION_PROJECT: group.application,
    WORK_DIR: folder,
  };
}

/** Both agents may do everything here; what each really may is tested where the Redis users are made. */
function startRedis(folder: string, port: number): ChildProcess {
  const users = ["config-agent", "update-agent"].map((name) => `user ${name} on >${PASSWORD} ~* &* +@all`);
  const settings = [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, 'save ""', "user default off", ...users];
  writeFileSync(join(folder, "redis.conf"), `${settings.join("\n")}\n`);
  return spawn("redis-server", [join(folder, "redis.conf")], { stdio: "ignore" });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Asks again until the answer is true; errors count as false. */
export async function retry(condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error("it did not become so within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
