import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import { runCommand, type RunCommand } from "@appliance/command";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { dumpDatabase } from "../src/index.ts";
import { APPLICATION, newTestFolder, startSource, type SourceDatabase, type TestFolder } from "./source.ts";

const canMount = execFileSync("sh", ["-c", "unshare -m mount -t tmpfs none /mnt && echo yes || echo no"], {
  encoding: "utf8",
});

describe("dumpDatabase", () => {
  let folder: TestFolder;
  let source: SourceDatabase;
  const counts = () => ({ run: runCommand, scratch: folder.make("scratch") });
  const dumpTo = (name: string, deps = counts()) => dumpDatabase(source.address, folder.make(name), deps);
  const fileOf = (name: string) => join(folder.path, name, "ecs.pgdump.gz");
  const unpack = (name: string) => {
    const plain = join(folder.path, `${name}.pgdump`);
    writeFileSync(plain, execFileSync("gzip", ["--decompress", "--stdout", fileOf(name)], { maxBuffer: 1 << 28 }));
    return plain;
  };

  beforeAll(async () => {
    folder = newTestFolder();
    source = await startSource(folder);
    await source.query(...APPLICATION);
  });
  afterAll(async () => {
    await source.stop();
    folder.remove();
  });

  it("writes a dump that pg_restore reads, with the rows of every table of the same snapshot", async () => {
    const seen: number[] = [];
    const { database, dump } = await dumpDatabase(source.address, folder.make("whole"), counts(), {
      onProgress: ({ writtenBytes }) => seen.push(writtenBytes),
    });
    expect(database.tables).toEqual([
      { schema: `Odd "Schema`, name: "Tab'le\nof names", rows: 3 },
      { schema: "public", name: "empty_one", rows: 0 },
      { schema: "public", name: "parted_1", rows: 1 },
      { schema: "public", name: "submission", rows: 20_000 },
    ]);
    expect(database).toMatchObject({ name: "ecs", collate: "C.UTF-8" });
    expect(seen.at(-1)).toBe(dump.bytes);
    expect(statSync(fileOf("whole")).size).toBe(dump.bytes);
    expect(readdirSync(join(folder.path, "whole"))).toEqual(["ecs.pgdump.gz"]);
    const plain = unpack("whole");
    expect(statSync(plain).size).toBe(dump.plainBytes);
    expect(execFileSync("pg_restore", ["--list", plain], { encoding: "utf8" })).toContain(
      "TABLE DATA public submission",
    );
  });

  it("counts what the dump has, though rows are written meanwhile", async () => {
    const over = new AbortController();
    const write = async () => {
      while (!over.signal.aborted) await source.query("INSERT INTO empty_one VALUES (1)");
    };
    const slow: RunCommand = async (...args) => {
      if (args[0].endsWith("pg_dump")) await sleep(300);
      return runCommand(...args);
    };
    const dumped = dumpTo("busy", { ...counts(), run: slow }).finally(() => over.abort());
    const [{ database }] = await Promise.all([dumped, write()]);
    const args = ["--data-only", "--table=empty_one", "--file=-", unpack("busy")];
    const sql = execFileSync("pg_restore", args, { encoding: "utf8" });
    const rows = sql.split("\n").filter((line) => line.startsWith("1\t")).length;
    expect(database.tables.find(({ name }) => name === "empty_one")?.rows).toBe(rows);
  });

  it("names no secret and no shell, and dumps through the socket alone", async () => {
    const seen: string[] = [];
    const run: RunCommand = (program, args, options) => {
      seen.push([program, ...args].join(" "));
      return runCommand(program, args, options);
    };
    await dumpTo("arguments", { ...counts(), run });
    expect(seen.find((line) => line.includes("pg_dump"))).toContain(`--host=${source.address.socketFolder}`);
    expect(seen.join("\n")).not.toMatch(/\bsh\b/);
  });

  it("says that there is no database, and that PostgreSQL is away, and leaves the old dump", async () => {
    mkdirSync(folder.make("old"), { recursive: true });
    writeFileSync(fileOf("old"), "the old dump");
    const absent = { ...source.address, database: "no'such" };
    await expect(dumpDatabase(absent, folder.make("old"), counts())).rejects.toMatchObject({
      code: "BACKUP_NO_DATABASE",
    });
    const away = { ...source.address, socketFolder: folder.make("nobody") };
    await expect(dumpDatabase(away, folder.make("old"), counts())).rejects.toMatchObject({
      code: "DATABASE_UNREACHABLE",
    });
    expect(readFileSync(fileOf("old"), "utf8")).toBe("the old dump");
  });

  it("fails, with the reason of pg_dump, when it cannot have the snapshot, and leaves the old dump", async () => {
    writeFileSync(join(folder.make("cut"), "ecs.pgdump.gz"), "the old dump");
    const run: RunCommand = (program, args, options) => {
      const held = args.map((arg) => (arg.startsWith("--snapshot=") ? "--snapshot=00000003-00000000-1" : arg));
      return runCommand(program, held, options);
    };
    await expect(dumpTo("cut", { ...counts(), run })).rejects.toMatchObject({
      code: "BACKUP_DUMP_FAILED",
      message: expect.stringContaining("invalid snapshot") as string,
    });
    expect(readdirSync(join(folder.path, "cut"))).toEqual(["ecs.pgdump.gz"]);
    expect(readFileSync(fileOf("cut"), "utf8")).toBe("the old dump");
  });

  it("says so when the role may not read a large object, and dumps it once it may", async () => {
    await source.query(
      "CREATE ROLE backup LOGIN",
      "GRANT pg_read_all_data TO backup",
      "SELECT lo_from_bytea(7007, 'x')",
    );
    const dump = () => dumpDatabase({ ...source.address, role: "backup" }, folder.make("objects"), counts());
    await expect(dump()).rejects.toMatchObject({
      code: "BACKUP_LARGE_OBJECTS",
      message: expect.stringContaining("7007") as string,
    });
    await source.query("GRANT SELECT ON LARGE OBJECT 7007 TO backup");
    await dump();
    expect(execFileSync("pg_restore", ["--list", unpack("objects")], { encoding: "utf8" })).toMatch(/BLOB.* 7007 /);
    await source.query("SELECT lo_unlink(7007)", "DROP OWNED BY backup", "DROP ROLE backup");
  });

  it("is cancelled at once and leaves nothing half-written", async () => {
    const stop = new AbortController();
    const dumping = dumpDatabase(source.address, folder.make("cancelled"), counts(), {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(dumping).rejects.toMatchObject({ code: "COMMAND_ABORTED" });
    expect(readdirSync(join(folder.path, "cancelled"))).toEqual([]);
  });

  it(
    "killed at any moment, leaves the old dump and no pg_dump, and the next run works",
    { timeout: 90_000 },
    async () => {
      writeFileSync(join(folder.make("killed"), "ecs.pgdump.gz"), "the old dump");
      for (const afterMs of [250, 330, 400, 470, 550]) {
        const child = startDump(source, folder, "killed");
        await sleep(afterMs);
        child.kill("SIGKILL");
        await new Promise((resolve) => child.once("exit", resolve));
        const content = readFileSync(fileOf("killed"));
        expect(content.toString() === "the old dump" || gunzipSync(content).subarray(0, 5).toString() === "PGDMP").toBe(
          true,
        );
      }
      const { dump } = await dumpTo("killed");
      expect(statSync(fileOf("killed")).size).toBe(dump.bytes);
      expect(readdirSync(join(folder.path, "killed"))).toEqual(["ecs.pgdump.gz"]);
    },
  );

  it.runIf(canMount.includes("yes"))("says that the disk is full, and leaves the old dump", () => {
    const small = folder.make("small");
    const inside = [`mount -t tmpfs -o size=200k none ${small}`, `echo old > ${small}/ecs.pgdump.gz`];
    const script = [...inside, `"$@" || true`, `cat ${small}/ecs.pgdump.gz; ls -A ${small}`].join(" && ");
    const command = [
      process.execPath,
      DUMP_ONCE,
      JSON.stringify({ address: source.address, folder: small, scratch: folder.make("scratch") }),
    ];
    const output = execFileSync("unshare", ["-m", "sh", "-c", script, "sh", ...command], { encoding: "utf8" });
    expect(output).toBe("BACKUP_DISK_FULL\nold\necs.pgdump.gz\n");
  });

  it("keeps memory small whatever the size of a table", { timeout: 90_000 }, async () => {
    await source.query(
      "CREATE TABLE large AS SELECT n, repeat(md5(n::text), 20) AS t FROM generate_series(1, 150000) n",
    );
    const memory = await memoryOfDump(source, folder);
    await source.query("DROP TABLE large");
    expect(memory.plainBytes).toBeGreaterThan(90e6);
    // Node alone has 70; ten times this table takes no more.
    expect(memory.peakMb).toBeLessThan(190);
  });
});

const DUMP_ONCE = join(import.meta.dirname, "dump-once.ts");

function startDump(source: SourceDatabase, folder: TestFolder, name: string) {
  const given = { address: source.address, folder: folder.make(name), scratch: folder.make("scratch") };
  return spawn(process.execPath, [DUMP_ONCE, JSON.stringify(given)], { stdio: "ignore" });
}

async function memoryOfDump(source: SourceDatabase, folder: TestFolder) {
  const given = { address: source.address, folder: folder.make("large"), scratch: folder.make("scratch") };
  const output = execFileSync(process.execPath, [DUMP_ONCE, JSON.stringify(given)], { encoding: "utf8" });
  return JSON.parse(output) as { plainBytes: number; peakMb: number };
}
