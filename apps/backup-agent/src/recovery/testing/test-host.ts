import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from "node:fs";
import { join } from "node:path";
import type { BackupProgress, Log } from "@appliance/jobs";
import type { BackupAgentSlice } from "../../slice.ts";
import { createTargets } from "../../targets/targets.ts";
import { createTurns } from "../../targets/turns.ts";
import { connectServer } from "../database-server.ts";
import type { RecoveryDeps } from "../recovery.ts";
import { runWithEngines, startEngines, stopEngines } from "./engine-container.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

/** What a process that recovers has to be told, as JSON. */
export interface Setting {
  folder: string;
  dataDir: string;
  engines: string;
  socketFolder: string;
  slice: BackupAgentSlice;
}

export interface TestHost {
  folder: string;
  server: TestServer;
  setting(dataDir: string, slice: BackupAgentSlice): Setting;
  /** A new /data as the storage step prepares it. */
  prepareData(): string;
  stop(): Promise<void>;
}

export async function startTestHost(): Promise<TestHost> {
  // Short, because of the sockets below it.
  const folder = mkdtempSync("/tmp/re-");
  chmodSync(folder, 0o755);
  const server = await startTestServer(folder);
  const engines = startEngines(folder);
  return {
    folder,
    server,
    setting: (dataDir, slice) => ({ folder, dataDir, engines, socketFolder: server.socketFolder, slice }),
    prepareData: () => prepareData(mkdtempSync(join(folder, "data-"))),
    async stop() {
      stopEngines(engines);
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const APP = 5000;
const CERT_AGENT = 5003;

function prepareData(root: string): string {
  const make = (path: string, owner: number, mode: number) => {
    mkdirSync(join(root, path), { recursive: true });
    chownSync(join(root, path), owner, owner);
    chmodSync(join(root, path), mode);
  };
  for (const path of ["ecs-storage-vault", "ecs-pgdump"]) make(path, APP, 0o700);
  make("ecs-ca", APP, 0o750);
  for (const path of ["etc", "etc/flags", "etc/tags"]) make(path, 0, 0o755);
  make("etc/certificates", CERT_AGENT, 0o711);
  make("etc/backup", 5002, 0o700);
  return root;
}

/** The parts of a recovery in this process; `onEvent` is told of each sentence and each line of the log. */
export function createDeps(
  { folder, dataDir, engines, socketFolder, slice }: Setting,
  onEvent: (event: string) => void = () => {},
): RecoveryDeps {
  const volatileDir = join(folder, "volatile");
  const run = runWithEngines(engines);
  const scratchDir = join(folder, "scratch");
  const mounts = { attach: async () => {}, detach: async () => {} };
  const targets = createTargets({
    slice: async () => slice,
    run,
    mounts,
    turns: createTurns(),
    now: () => new Date(),
    scratchDir,
    volatileDir: join(folder, "volatile"),
  });
  const line = (facts: object, message?: string) => onEvent([message, ...Object.values(facts)].join(" "));
  const log: Log = { debug: line, info: line, warn: line, error: line };
  return {
    targets,
    slice: async () => slice,
    run,
    now: () => new Date(),
    dataDir,
    volatileDir: join(volatileDir, "recovery"),
    server: connectServer(socketFolder),
    report: ({ sentence }: BackupProgress) => onEvent(sentence),
    log,
  };
}

/** A slice with targets of these addresses. */
export function sliceOf(urls: Record<string, string>, more: Partial<BackupAgentSlice> = {}): BackupAgentSlice {
  const target = { password: null, knownHosts: null, sshKey: null, environment: {}, appendOnly: false, mount: null };
  const retention = { daily: 14, weekly: 8, monthly: 12 };
  return {
    timezone: "Europe/Vienna",
    domain: "ethics.example.org",
    databaseLocale: "C.UTF-8",
    standby: false,
    targets: Object.entries(urls).map(([name, url]) => ({
      ...target,
      name,
      url,
      engine: "restic",
      options: "",
      retention,
    })),
    encryptKey: null,
    resticPassword: "the restic password",
    sealSecrets: ["the restic password"],
    envFingerprint: "0".repeat(64),
    schedule: { backup: "00:30", verify: "04:00", drill: "Sun 05:00" },
    vaultKeys: null,
    ...more,
  };
}

/** Everything below `folder` by name (bytes as latin1): owner, rights, and the sum of its content or its target. */
export function describeTree(folder: string, below = Buffer.from(folder)): Map<string, string> {
  const tree = new Map<string, string>();
  for (const name of readdirSync(below, { encoding: "buffer" }).sort((a, b) => a.compare(b))) {
    const path = Buffer.concat([below, Buffer.from("/"), name]);
    const { uid, gid, mode } = lstatSync(path);
    tree.set(path.toString("latin1").slice(folder.length + 1), `${uid}:${gid} ${mode.toString(8)} ${contentOf(path)}`);
    if (lstatSync(path).isDirectory()) for (const [key, value] of describeTree(folder, path)) tree.set(key, value);
  }
  return tree;
}

function contentOf(path: Buffer): string {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) return `to ${readlinkSync(path)}`;
  return stat.isFile() ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
}

/** A copy with owners and rights. */
export function copyTree(from: string, to: string): void {
  execFileSync("cp", ["--archive", `${from}/.`, to]);
}
