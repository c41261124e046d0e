import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

const docker = (...args: string[]) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

export const IMAGE = "appliance/backup-programs:test";

/** The database of an appliance, with the role that backups are made by, found by uid over its socket as on a host. */
export interface SourceDatabase {
  sql(text: string): string;
  stop(): void;
  start(): void;
  remove(): void;
}

const HBA = "local all postgres peer\\nlocal all backup peer map=appliance";
const START = [
  "set -e; cd /tmp; bin=$(ls -d /usr/lib/postgresql/*/bin)",
  "[ -d /tmp/cluster ] || $bin/initdb --pgdata=/tmp/cluster --auth=peer --encoding=UTF8 --locale=C.UTF-8 --no-sync > /dev/null",
  `printf '${HBA}\\n' > /tmp/cluster/pg_hba.conf; echo 'appliance backup-agent backup' > /tmp/cluster/pg_ident.conf`,
  "exec $bin/postgres -D /tmp/cluster -c unix_socket_directories=/socket -c listen_addresses= -c fsync=off",
].join("\n");

const ROLE = `CREATE ROLE backup LOGIN BYPASSRLS IN ROLE pg_read_all_data;
  ALTER ROLE backup SET default_transaction_read_only = on;`;
const TABLES = `CREATE TABLE submission (id serial PRIMARY KEY, title text);
  INSERT INTO submission (title) SELECT md5(n::text) || md5(n::text || 'x') FROM generate_series(1, 100000) n;`;

/** Starts one whose socket is in `folder`. */
export function startDatabase(folder: string): SourceDatabase {
  chmodSync(folder, 0o777);
  const mounts = ["--volume", `${folder}:/socket`];
  const id = docker(
    "run",
    "--detach",
    "--init",
    "--user",
    "postgres",
    ...mounts,
    "--entrypoint",
    "bash",
    IMAGE,
    "-c",
    START,
  );
  const sql = (text: string, database = "ecs") =>
    docker("exec", id, "psql", "--no-psqlrc", "--quiet", "-At", "-h", "/socket", "-d", database, "-c", text);
  const untilReady = () =>
    docker("exec", id, "bash", "-c", "for n in {1..300}; do pg_isready -q -h /socket && exit; sleep 0.1; done; exit 1");
  untilReady();
  sql("CREATE DATABASE ecs", "postgres");
  sql(ROLE + TABLES);
  return {
    sql,
    stop: () => void docker("stop", "--time", "5", id),
    start: () => {
      docker("start", id);
      untilReady();
    },
    remove: () => void docker("rm", "--force", "--volumes", id),
  };
}

const APPLICATION = 5000;

/** `/data` with documents that only the application may read. */
export function writeData(data: string, documents: number): void {
  for (const name of ["ecs-storage-vault", "ecs-ca", "ecs-pgdump", "etc/backup"])
    mkdirSync(join(data, name), { recursive: true });
  writeFileSync(join(data, "etc/tags"), "tags\n");
  writeFileSync(join(data, "ecs-ca/ca.cert.pem"), "certificate\n");
  addDocuments(data, documents);
}

/** Documents cannot be compressed: they are encrypted. */
export function addDocuments(data: string, count: number, bytes = 256 * 1024): void {
  const vault = join(data, "ecs-storage-vault");
  const before = readdirSync(vault).length;
  for (let n = before; n < before + count; n++)
    writeFileSync(join(vault, `document-${n}`), randomBytes(bytes), { mode: 0o600 });
  for (const name of readdirSync(vault)) chownSync(join(vault, name), APPLICATION, APPLICATION);
  chownSync(vault, APPLICATION, APPLICATION);
  chmodSync(vault, 0o700);
}

export function removeDocuments(data: string, count: number): void {
  const vault = join(data, "ecs-storage-vault");
  for (const name of readdirSync(vault).slice(0, count)) rmSync(join(vault, name));
}

/** Each file below `folder` by its path, with size and content. */
export function contentOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return new Map(
    paths.map((path) => [relative(folder, path), `${statSync(path).size} ${readFileSync(path).toString("base64")}`]),
  );
}
