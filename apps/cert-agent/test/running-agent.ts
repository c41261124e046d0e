import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts } from "@appliance/acme/testing";
import { createProducer, type Producer, type QueueConnection } from "@appliance/jobs";
import type { CertAgentSlice } from "../src/slice.ts";
import type { NginxContainer } from "./nginx-container.ts";

const PASSWORD = "queue-password-of-a-test";
const TOKEN = "http-token-of-a-test";
const MAIN = join(import.meta.dirname, "../src/main.ts");

/** Folders and a Redis of their own, in which cert-agent runs as a process beside a real nginx. */
export interface Surroundings {
  folder: string;
  /** As another agent asks. */
  producer: Producer;
  connection: QueueConnection;
  writeSlice(slice: Partial<CertAgentSlice>): void;
  /** What the application group says of itself. */
  writeComposeFile(text: string): void;
  startAgent(): Promise<RunningAgent>;
  stopRedis(): void;
  startRedis(): void;
  remove(): Promise<void>;
}

export interface RunningAgent {
  get(path: string): Promise<Response>;
  post(path: string, body: object): Promise<Response>;
  log(): string;
  /** Ends it with a signal and returns its exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

export async function surroundingsOf(nginx: NginxContainer): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), "cert-agent-main-"));
  const at = (...parts: string[]) => join(folder, ...parts);
  for (const name of ["secrets", "slice", "certificates", "ecs-ca", "checkout/compose/app"])
    mkdirSync(at(name), { recursive: true });
  writeFileSync(at("secrets/queue-password"), PASSWORD);
  writeFileSync(at("secrets/http-token"), TOKEN);
  const [queuePort = 0] = await freePorts(1);
  const startRedis = () => redisServer(folder, queuePort);
  let redis = startRedis();
  const connection = { url: `redis://127.0.0.1:${queuePort}`, username: "update-agent", password: PASSWORD };
  const producer = createProducer({ connection, agent: "config-agent" });
  const agents: RunningAgent[] = [];
  return {
    folder,
    producer,
    connection,
    writeSlice: (slice) => writeFileSync(at("slice/env.json"), JSON.stringify({ ...BARE, ...slice })),
    writeComposeFile: (text) => writeFileSync(at("checkout/compose/app/compose.yml"), text),
    async startAgent() {
      const [httpPort = 0] = await freePorts(1);
      const agent = await runAgent(environment(folder, nginx, connection.url, httpPort), httpPort);
      agents.push(agent);
      return agent;
    },
    stopRedis: () => void redis.kill("SIGKILL"),
    startRedis: () => void (redis = startRedis()),
    async remove() {
      for (const agent of agents) await agent.end("SIGKILL");
      await producer.close();
      redis.kill("SIGKILL");
      rmSync(folder, { recursive: true });
    },
  };
}

const BARE = { timezone: "UTC", domain: "ecs.test", application: { composeFile: "compose/app/compose.yml" } };

async function runAgent(env: NodeJS.ProcessEnv, httpPort: number): Promise<RunningAgent> {
  const agent = spawn(process.execPath, [MAIN], { env, stdio: ["ignore", "pipe", "inherit"] });
  let log = "";
  agent.stdout.on("data", (text: Buffer) => (log += text.toString()));
  const headers = { authorization: `Bearer ${TOKEN}` };
  const url = (path: string) => `http://127.0.0.1:${httpPort}${path}`;
  const get = (path: string) => fetch(url(path), { headers });
  await until(async () => (await get("/healthz")).ok);
  return {
    get,
    post: (path, body) =>
      fetch(url(path), {
        method: "POST",
        headers: { ...headers, "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    log: () => log,
    async end(signal) {
      if (agent.exitCode !== null || agent.signalCode !== null) return null;
      const exited = once(agent, "exit") as Promise<[number | null]>;
      agent.kill(signal);
      return (await exited)[0];
    },
  };
}

function environment(folder: string, nginx: NginxContainer, queueUrl: string, httpPort: number): NodeJS.ProcessEnv {
  return {
    PATH: process.env["PATH"],
    QUEUE_URL: queueUrl,
    SECRETS_DIR: join(folder, "secrets"),
    SLICE_DIR: join(folder, "slice"),
    HTTP_HOST: "127.0.0.1",
    HTTP_PORT: String(httpPort),
    APPLIANCE_CHECKOUT: join(folder, "checkout"),
    CERTIFICATES_DIR: join(folder, "certificates"),
    APPLICATION_CA_DIR: join(folder, "ecs-ca"),
    TLS_DIR: join(nginx.root, "tls"),
    NGINX_STATE_DIR: join(nginx.root, "state"),
    CHALLENGE_DIR: join(nginx.root, "acme"),
    WORK_DIR: mkdtempSync(join(folder, "work-")),
    HOST_ADDRESS: "127.0.0.1",
    HOST_HTTP_PORT: String(nginx.httpPort),
    HOST_HTTPS_PORT: String(nginx.httpsPort),
  };
}

/** All may do everything here; what each really may is tested where the Redis users are made. */
function redisServer(folder: string, port: number): ChildProcess {
  const users = ["config-agent", "update-agent", "cert-agent"].map(
    (name) => `user ${name} on >${PASSWORD} ~* &* +@all`,
  );
  const settings = [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, 'save ""', "user default off", ...users];
  writeFileSync(join(folder, "redis.conf"), `${settings.join("\n")}\n`);
  return spawn("redis-server", [join(folder, "redis.conf")], { stdio: "ignore" });
}

/** Asks again until the answer is true; errors count as false. */
export async function until(condition: () => Promise<boolean>, seconds = 30): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`it did not become so within ${seconds} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
