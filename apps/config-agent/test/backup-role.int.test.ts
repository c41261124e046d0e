/** backup-agent's role in the real image of the database: who is let in as it, what it may, and that an apply mends it. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunContext, Wanted } from "../src/capability.ts";
import { createDatabase, databaseCapability } from "../src/capabilities/database.ts";
import { DATABASE_URL_FILE } from "../src/capabilities/database-url.ts";
import { connectDatabase, type Database } from "../src/database/database.ts";
import { createRootFiles } from "../src/root-files.ts";

const IMAGE = "appliance/database:test";
const BACKUP_AGENT = "5002";
const APPLICATION = "5000";
const run: RunContext = { runId: "run-1", signal: new AbortController().signal, note: () => {} };
const wanted = {} as Wanted;

const docker = (...args: string[]) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

let root: string;
let id: string | undefined;
let database: Database;
const folder = (name: string) => join(root, name);
const files = () => createRootFiles(root);

beforeAll(async () => {
  docker("build", "--quiet", "--tag", IMAGE, "--target", "database", "--file", "compose/images/Dockerfile", ".");
  root = mkdtempSync(join(tmpdir(), "backup-role-"));
  for (const name of ["cluster", "settings/gen-1", "socket", "data/etc/ecs"])
    mkdirSync(folder(name), { recursive: true });
  symlinkSync("gen-1", folder("settings/current"));
  for (const marker of ["cluster/.appliance-data", "settings/data-marker"])
    writeFileSync(folder(marker), "of the host\n");
  writeFileSync(join(root, DATABASE_URL_FILE), "DATABASE_URL=postgres://app:secret@database:5432/ecs\n");
  writeFileSync(folder("settings/gen-1/appliance.conf"), "shared_preload_libraries = 'pg_stat_statements'\n");
  execFileSync("chown", ["-R", "5011", folder("cluster"), folder("settings"), folder("socket")]);
  execFileSync("chmod", ["711", root]);
  const mounts = ["cluster:/var/lib/postgresql", "settings:/etc/appliance/database:ro", "socket:/run/postgresql"];
  id = docker("run", "--detach", ...mounts.flatMap((mount) => ["--volume", `${root}/${mount}`]), IMAGE);
  database = connectDatabase(folder("socket"));
  await database.waitUntilReady(60_000, run.signal);
});
afterAll(() => {
  if (id) docker("rm", "--force", id);
  rmSync(root, { recursive: true });
});

async function asSuperuser(sql: string): Promise<void> {
  const client = new Client({ host: folder("socket"), user: "postgres", database: "ecs" });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

/** What PostgreSQL answers a process of this uid that calls itself the role `backup`. */
function ask(uid: string, sql: string): string {
  const psql = ["psql", "--no-psqlrc", "--tuples-only", "--no-align", "-v", "ON_ERROR_STOP=1", "-h", "/run/postgresql"];
  try {
    return docker("exec", "--user", `${uid}:${uid}`, id!, ...psql, "-U", "backup", "-d", "ecs", "-c", sql);
  } catch (err) {
    return (err as { stderr: string }).stderr;
  }
}

const capability = () => databaseCapability(files(), database);

async function apply(): Promise<string[]> {
  const steps = await capability().plan(wanted);
  for (const step of steps) await capability().apply(step, wanted, run);
  return steps.map(({ summary }) => summary);
}

it("is made together with the database, and is nothing to do a second time", async () => {
  expect(await createDatabase(files(), database, "de_AT.UTF-8")).toBe(true);
  expect(await apply()).toEqual(["Enable pg_stat_statements"]);
  expect(await apply()).toEqual([]);
});

it("reads every row for the uid of backup-agent alone, those too that a policy hides, and changes none", async () => {
  await asSuperuser(
    "CREATE SCHEMA own AUTHORIZATION app; SET ROLE app; CREATE TABLE own.entry AS SELECT 1 AS n; " +
      "ALTER TABLE own.entry ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
  );
  expect(ask(BACKUP_AGENT, "SELECT count(*) FROM own.entry")).toBe("1");
  expect(ask(BACKUP_AGENT, "DELETE FROM own.entry")).toContain("read-only transaction");
  expect(ask(BACKUP_AGENT, "BEGIN READ WRITE; DELETE FROM own.entry")).toContain("permission denied");
  expect(ask(BACKUP_AGENT, "COPY (SELECT 1) TO PROGRAM 'id'")).toContain("permission denied");
  expect(ask(APPLICATION, "SELECT 1")).toMatch(/Peer authentication failed|could not look up/);
});

it("reads a large object once that was granted, as the operator's page has it, and changes none", async () => {
  await asSuperuser("SET ROLE app; SELECT lo_from_bytea(7007, 'x')");
  const refused = "permission denied for large object 7007";
  expect(ask(BACKUP_AGENT, "SELECT lo_get(7007)")).toContain(refused);
  const grant = /psql -U postgres ecs <<< "(?<sql>.*)"$/m.exec(readFileSync("docs/backup.md", "utf8"))!.groups!["sql"]!;
  execFileSync("docker", ["exec", "-i", id!, "psql", "-U", "postgres", "ecs"], { input: grant, stdio: "pipe" });
  expect(ask(BACKUP_AGENT, "SELECT lo_get(7007)")).toBe("\\x78");
  expect(ask(BACKUP_AGENT, "BEGIN READ WRITE; SELECT lo_put(7007, 0, 'y')")).toContain(refused);
  expect(ask(BACKUP_AGENT, "BEGIN READ WRITE; SELECT lo_unlink(7007)")).toContain("must be owner");
});

it("is mended where somebody gave it more or took from it, and is left alone otherwise", async () => {
  for (const change of [
    "REVOKE CONNECT ON DATABASE ecs FROM PUBLIC",
    "ALTER ROLE backup SUPERUSER PASSWORD 'x'",
    "GRANT pg_execute_server_program TO backup",
    "ALTER ROLE backup RESET default_transaction_read_only",
    "DROP OWNED BY backup; DROP ROLE backup",
  ]) {
    await asSuperuser(change);
    expect([change, await apply()]).toEqual([change, ["Let the role backup read the database and change nothing"]]);
    expect(await apply()).toEqual([]);
    expect(ask(BACKUP_AGENT, "COPY (SELECT 1) TO PROGRAM 'id'")).toContain("permission denied");
  }
});
