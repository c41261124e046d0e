import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  BackupRestore,
  BackupRun,
  createProducer,
  type DataInput,
  type Producer,
  type ProgressOf,
} from "@appliance/jobs";
import type { TargetSettings } from "../../src/slice.ts";
import { IMAGE, startDatabase, writeData, type SourceDatabase } from "./source.ts";

const REPOSITORY = resolve(import.meta.dirname, "../../../..");
const KEY = join(REPOSITORY, "libs/backup-engine/vectors/legacy-backup/backup-key.asc");
const PASSWORD = "queue-password-of-a-test";
const TOKEN = "http-token-of-a-test";
export const RESTIC_PASSWORD = "restic-password-of-a-test";
export const SEAL_SECRET = "seal-secret-of-a-test";
export const BACKUP_KEY = readFileSync(KEY, "utf8");

const docker = (...args: string[]) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

/** As in compose.yml: what is saved is mounted read-only, and the rights are those of the decision page. */
const RIGHTS = ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETUID", "SETGID", "SETPCAP"];
const HARDENED = [
  ..."--read-only --init --user 0:0 --network host --tmpfs /tmp:size=256m,mode=1777".split(" "),
  ..."--cap-drop ALL --security-opt no-new-privileges".split(" "),
  ...RIGHTS.flatMap((name) => ["--cap-add", name]),
];

/** An appliance's data, database and queue, and backup-agent in its container. */
export interface Surroundings {
  /** Below it `data`, `volatile` and `mnt`, as the container has them. */
  folder: string;
  database: SourceDatabase;
  producer: Producer;
  backUp(
    data?: Partial<DataInput<typeof BackupRun>>,
    onProgress?: (progress: ProgressOf<typeof BackupRun>) => void,
  ): ReturnType<typeof request>;
  /** What a target gives back of `paths`, as a folder here. */
  restore(target: string, paths: string[]): Promise<string>;
  /** The agent's HTTP API. */
  http(path: string, body?: object): Promise<Response>;
  /** All its processes at once, as a power cut ends them. */
  kill(): void;
  start(): void;
  /** Everything that its processes were ever seen to be called with. */
  arguments(): string;
  logs(): string;
  /** Lines of /proc/PID/status of the agent itself. */
  processStatus(): string;
  remove(): Promise<void>;
}

const request = (
  producer: Producer,
  data: DataInput<typeof BackupRun>,
  onProgress?: (progress: ProgressOf<typeof BackupRun>) => void,
) => producer.request(BackupRun, data, onProgress ? { onProgress } : {});

export async function startSurroundings(targets: Partial<TargetSettings>[]): Promise<Surroundings> {
  buildImage();
  const folder = mkdtempSync("/tmp/backup-agent-");
  const at = (...parts: string[]) => join(folder, ...parts);
  for (const name of ["secrets", "slice", "lease", "runs", "socket", "volatile", "mnt/disk", "redis"])
    mkdirSync(at(name), { recursive: true });
  writeFileSync(at("secrets/queue-password"), PASSWORD);
  writeFileSync(at("secrets/http-token"), TOKEN);
  writeFileSync(at("slice/env.json"), JSON.stringify(sliceOf(targets)));
  writeData(at("data"), 80);
  const database = startDatabase(at("socket"));
  const [queuePort, httpPort] = [await freePort(), await freePort()];
  const redis = redisServer(at("redis"), queuePort);
  const connection = { url: `redis://127.0.0.1:${queuePort}`, password: PASSWORD };
  const producer = createProducer({ connection, agent: "config-agent" });
  const id = docker(
    "run",
    "--detach",
    ...HARDENED,
    ...mountsOf(folder),
    ...variables(queuePort, httpPort),
    "--entrypoint=/usr/local/bin/entrypoint",
    IMAGE,
  );
  await untilHealthy(httpPort, id);
  const watch = watchArguments(id);
  return {
    folder,
    database,
    producer,
    backUp: (data = {}, onProgress) => request(producer, { requestedBy: "test", ...data }, onProgress),
    async restore(target, paths) {
      const { folder: inside } = await producer.request(BackupRestore, { requestedBy: "test", target, paths });
      return join(folder, inside);
    },
    http: (path, body) =>
      fetch(`http://127.0.0.1:${httpPort}${path}`, {
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        ...(body ? { method: "POST", body: JSON.stringify(body) } : {}),
      }),
    kill: () => void docker("kill", "--signal", "KILL", id),
    start: () => void docker("start", id),
    arguments: () => watch.seen(),
    logs: () => execFileSync("sh", ["-c", 'docker logs "$1" 2>&1', "sh", id], { encoding: "utf8", maxBuffer: 1e8 }),
    processStatus: () => {
      const pid = /^\s*(\d+)\s.*agent\.mjs/m.exec(docker("top", id, "-o", "pid,args"))?.[1] ?? "";
      return readFileSync(`/proc/${pid}/status`, "utf8");
    },
    async remove() {
      watch.stop();
      await producer.close();
      docker("rm", "--force", "--volumes", id);
      database.remove();
      redis.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The programs of the image, and beside them the agent as it is here: an image with it in would be made anew for each test. */
function buildImage(): void {
  const env = { ...process.env, DOCKER_BUILDKIT: "1" };
  const options = { cwd: REPOSITORY, env, stdio: "pipe" } as const;
  const args = ["--quiet", "--tag", IMAGE, "--target", "backup-programs", "--file", "compose/images/Dockerfile", "."];
  execFileSync("docker", ["build", ...args], options);
  execFileSync(process.execPath, ["tools/bundle.ts", "backup-agent"], options);
}

function mountsOf(folder: string): string[] {
  const own = [
    "secrets:/secrets:ro",
    "slice:/slice:ro",
    "lease:/var/lib/appliance/lease",
    "runs:/var/lib/appliance/runs",
    "socket:/run/postgresql:ro",
  ];
  const saved = ["ecs-storage-vault", "ecs-ca", "etc"].map((name) => `data/${name}:/data/${name}:ro`);
  const written = [
    "data/etc/backup:/data/etc/backup",
    "data/ecs-pgdump:/data/ecs-pgdump",
    "volatile:/volatile",
    "mnt:/mnt",
  ];
  const program = [
    `${process.execPath}:/usr/local/bin/node:ro`,
    `${REPOSITORY}/dist/backup-agent.mjs:/opt/appliance/agent.mjs:ro`,
  ];
  const mounts = [...[...own, ...saved, ...written].map((mount) => `${folder}/${mount}`), ...program];
  return [...mounts.flatMap((mount) => ["--volume", mount]), "--tmpfs", "/mnt/small:size=4m,mode=1777"];
}

function variables(queuePort: number, httpPort: number): string[] {
  const settings = {
    QUEUE_URL: `redis://127.0.0.1:${queuePort}`,
    SECRETS_DIR: "/secrets",
    SLICE_DIR: "/slice",
    HTTP_HOST: "127.0.0.1",
    HTTP_PORT: httpPort,
    MALLOC_ARENA_MAX: 1,
    MALLOC_MMAP_THRESHOLD_: 32_768,
  };
  return Object.entries(settings).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
}

const NEVER = "2100-01-01 00:00:00";

function sliceOf(targets: Partial<TargetSettings>[]): object {
  return {
    timezone: "UTC",
    domain: "ecs.test",
    targets,
    encryptKey: BACKUP_KEY,
    resticPassword: RESTIC_PASSWORD,
    sealSecrets: [SEAL_SECRET],
    envFingerprint: "0".repeat(64),
    schedule: { backup: NEVER, verify: NEVER, drill: NEVER },
  };
}

/** All may do everything here; what each really may is tested where the Redis users are made. */
function redisServer(folder: string, port: number): ChildProcess {
  const users = ["config-agent", "backup-agent"].map((name) => `user ${name} on >${PASSWORD} ~* &* +@all`);
  const settings = [`port ${port}`, "bind 127.0.0.1", `dir ${folder}`, 'save ""', "user default off", ...users];
  writeFileSync(join(folder, "redis.conf"), `${settings.join("\n")}\n`);
  return spawn("redis-server", [join(folder, "redis.conf")], { stdio: "ignore" });
}

async function untilHealthy(port: number, id: string): Promise<void> {
  for (let n = 0; n < 300; n++) {
    const isUp = await fetch(`http://127.0.0.1:${port}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return;
    await sleep(100);
  }
  throw new Error(`the agent does not answer: ${docker("logs", id)}`);
}

/** Looks at every process of the container again and again, for as long as the test runs. */
function watchArguments(id: string) {
  const seen = new Set<string>();
  const look = () => {
    for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      try {
        if (readFileSync(`/proc/${pid}/cgroup`, "utf8").includes(id))
          seen.add(readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " "));
      } catch {
        continue; // it has ended meanwhile
      }
    }
  };
  const timer = setInterval(look, 100);
  return { seen: () => [...seen].join("\n"), stop: () => clearInterval(timer) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => server.once("listening", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
