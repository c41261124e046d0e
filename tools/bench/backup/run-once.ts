/**
 * One whole run of a backup as backup-agent does it, or a restore, in a process of its own: `run-once.ts JSON`. Prints what each of
 * its phases took.
 */
import { readFileSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  deriveKeys,
  dumpDatabase,
  indexFiles,
  readLastManifest,
  writeManifest,
} from "../../../libs/backup-content/src/index.ts";
import {
  openDuplicityEngine,
  openResticEngine,
  type Amount,
  type BackupEngine,
} from "../../../libs/backup-engine/src/index.ts";
import { runCommand, type RunCommand } from "../../../libs/command/src/index.ts";
import type { Phase, RunOrder, RunReport } from "./run-order.ts";

const order = JSON.parse(process.argv[2] ?? "{}") as RunOrder;
const TICKS_A_SECOND = 100;
const FOLDERS = ["ecs-storage-vault", "ecs-pgdump"];
const phases: Phase[] = [];
let engineMb = 0;

/** CPU seconds of this process and of all that it has started and that have ended. @see proc_pid_stat(5), fields 14 to 17 */
function cpuSeconds(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND;
}

/** The most anonymous memory of this process, MB. The kernel keeps a highest value of all memory alone, and that has the shared program in it. */
function watchMemory() {
  let most = 0;
  const look = () => {
    const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    most = Math.max(most, Number(kilobytes) / 1024);
  };
  const timer = setInterval(look, 20);
  return {
    end() {
      clearInterval(timer);
      look();
      return most;
    },
  };
}

async function phase<T>(name: Phase["name"], work: () => Promise<T>): Promise<T> {
  const [begun, cpu] = [performance.now(), cpuSeconds()];
  const result = await work();
  phases.push({ name, wall: (performance.now() - begun) / 1000, cpu: cpuSeconds() - cpu });
  return result;
}

/** Runs the program below time(1), which knows the most memory that it or a child of it had. */
const measured: RunCommand = async (program, args, options) => {
  const note = join(order.state, "time");
  try {
    const given = ["--format=%M", `--output=${note}`, program, ...underClock(program, args)];
    return await runCommand("/usr/bin/time", given, options);
  } finally {
    const kilobytes = Number((await readFile(note, "utf8")).trim().split("\n").at(-1));
    engineMb = Math.max(engineMb, kilobytes / 1024);
  }
};

const now = () => (order.night === undefined ? new Date() : new Date(order.night));

/** restic has an option for the time of a backup. */
function underClock(program: string, args: readonly string[]): readonly string[] {
  const verb = args.indexOf("backup");
  if (order.night === undefined || program !== "restic" || verb === -1) return args;
  return args.toSpliced(verb + 1, 0, "--time", order.night.slice(0, 19).replace("T", " "));
}

async function openEngine(): Promise<BackupEngine> {
  const [scratch, temporary, archive] = ["s", "temporary", "archive"].map((name) => join(order.state, name)) as [
    string,
    string,
    string,
  ];
  for (const folder of [scratch, temporary, archive]) await mkdir(folder, { recursive: true, mode: 0o700 });
  const common = { run: measured, scratch, temporary, archive, now };
  if (order.engine === "restic")
    return openResticEngine({ target: order.target, password: "bench" }, { ...common, hostName: order.hostName });
  const remoteProgram = join(import.meta.dirname, "../../../libs/backup-engine/python/duplicity-remote");
  return openDuplicityEngine(
    { target: order.target, key: readFileSync(order.keyFile, "utf8") },
    { ...common, remoteProgram },
  );
}

/** What the source holds, and whether it was ever saved before. */
async function makeContent(): Promise<{ expected: Amount; isFirst: boolean }> {
  const dumps = join(order.root, "ecs-pgdump");
  const scratch = join(order.state, "content");
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  const keys = deriveKeys("bench");
  const last = await readLastManifest(dumps, keys);
  const address = { socketFolder: "/run/postgresql", database: "ecs", role: "postgres" };
  const dumped = await phase("dump", () => dumpDatabase(address, dumps, { run: runCommand, scratch }));
  const { index, folders } = await phase("index", () =>
    indexFiles(order.root, FOLDERS, dumps, { run: runCommand, temporary: scratch }, last ? { last } : {}),
  );
  const env = "0".repeat(64);
  const { at, database, dump } = dumped;
  await writeManifest(dumps, { appliance: "bench", at: at.toISOString(), env, database, dump, index, folders }, keys);
  const sum = (of: "files" | "bytes") => folders.reduce((total, folder) => total + folder[of], 0);
  return { expected: { files: sum("files"), bytes: sum("bytes") }, isFirst: last === undefined };
}

async function main(): Promise<void> {
  const memory = watchMemory();
  const content = order.action === "backup" ? await makeContent() : undefined;
  const engine = await openEngine();
  await phase("engine", async () => {
    if (!content) return engine.restore({ into: order.into });
    const { expected } = content;
    return engine.backup({ root: order.root, paths: FOLDERS }, { create: true, full: order.full, expected });
  });
  if (content)
    await phase("afterwards", async () => {
      await engine.prune();
      // Later the daily check counts.
      if (content.isFirst) await engine.usage();
    });
  await engine.close();
  await rm(join(order.state, "time"), { force: true });
  const report: RunReport = { phases, engineMb, nodeMb: memory.end() };
  console.log(JSON.stringify(report));
}

await main();
