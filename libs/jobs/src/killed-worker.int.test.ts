import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { Note } from "../test/contracts.ts";
import { createRedisServer, type RedisServer } from "../test/redis-server.ts";
import { createProducer, type Producer } from "./index.ts";

let server: RedisServer;
let folder: string;
let producer: Producer;
let workers: ChildProcess[];
beforeEach(async () => {
  server = await createRedisServer();
  await server.start();
  folder = await mkdtemp(join(tmpdir(), "journal-"));
  producer = createProducer({ connection: { url: server.url }, agent: "config-agent" });
  workers = [];
});
afterEach(async () => {
  for (const worker of workers) worker.kill("SIGKILL");
  await producer.close();
  await server.remove();
  await rm(folder, { recursive: true });
});

const journal = () => join(folder, "journal");
const journalText = () => (existsSync(journal()) ? readFileSync(journal(), "utf8") : "");

function spawnWorker(): ChildProcess {
  const file = join(import.meta.dirname, "../test/note-worker.ts");
  const worker = spawn(process.execPath, [file, server.url, journal()], { stdio: "inherit" });
  workers.push(worker);
  return worker;
}

async function begun(count: number): Promise<void> {
  while (journalText().match(/^begin/gm)?.length !== count) await sleep(20);
}

it("takes the job of a killed worker up again within 15 s", async () => {
  const first = spawnWorker();
  const asked = producer.request(Note, { text: "a", takesMs: 2000 }, { id: "killed" });
  await begun(1);
  const exited = once(first, "exit");
  first.kill("SIGKILL");
  await exited;
  const second = spawnWorker();
  const killedAt = performance.now();
  await begun(2);
  expect(performance.now() - killedAt).toBeLessThan(15_000);
  expect(await asked).toEqual({ pid: second.pid, text: "a" });
});

it("never loses a job whose worker is killed five times", async () => {
  const asked = producer.request(Note, { text: "a", takesMs: 300 }, { id: "unlucky" });
  for (let kills = 1; kills <= 5; kills++) {
    const worker = spawnWorker();
    await begun(kills);
    worker.kill("SIGKILL");
    await once(worker, "exit");
    await server.client().del("bull:containers:unlucky:lock", "bull:containers:stalled-check"); // instead of the wait for both
  }
  spawnWorker();
  expect(await asked).toMatchObject({ text: "a" });
}, 120_000);
