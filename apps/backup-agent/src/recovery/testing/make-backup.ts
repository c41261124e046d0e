import { chownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import {
  deriveKeys,
  dumpDatabase,
  fingerprintEnv,
  indexFiles,
  readManifest,
  writeManifest,
  type Manifest,
} from "@appliance/backup-content";
import { DUMPS, FOLDERS, VAULT } from "../../contents.ts";
import { createDeps, type Setting, type TestHost } from "./test-host.ts";

const APP = 5000;

/** Documents, an authority and settings as an appliance in use has them, with names of any bytes. */
export function fillData(root: string): void {
  const write = (path: string | Buffer, content: string | Buffer, owner = APP) => {
    writeFileSync(path, content, { mode: 0o600 });
    chownSync(path, owner, owner);
  };
  const make = (...path: string[]) => {
    mkdirSync(join(root, ...path), { recursive: true });
    chownSync(join(root, ...path), APP, APP);
    return join(root, ...path);
  };
  for (const folder of ["0101", "0102"])
    for (let n = 0; n < 4; n++) write(join(make(VAULT, folder), `doc${n}.gpg`), randomBytes(50_000));
  make(VAULT, "empty");
  write(Buffer.concat([Buffer.from(`${make(VAULT, "odd")}/new\nline`), Buffer.from([0xff, 0xfe])]), "bytes");
  write(join(make("ecs-ca"), "ca.key.pem"), "the authority");
  write(join(root, "etc/certificates/account.json"), "the account", 5003);
  write(join(root, "etc/backup/main.json"), "{}", 5002);
  write(join(root, "etc/flags/a flag"), "", 0);
  mkdirSync(join(root, "etc/hooks"));
  write(join(root, "etc/hooks/after-apply"), "#!/bin/sh\n", 0);
  symlinkSync("certificates/served/current/server.cert.pem", join(root, "etc/server.cert.pem"));
}

export const TABLES = [
  "CREATE TABLE submission (id serial PRIMARY KEY, ec_number text, title text)",
  "INSERT INTO submission (ec_number, title) SELECT n::text, md5(n::text) FROM generate_series(1, 5000) n",
  "CREATE TABLE empty_one (a int, a_column_that_makes_the_statement_of_its_data_a_long_one_indeed int)",
  "CREATE VIEW recent AS SELECT * FROM submission WHERE id > 4000",
  "CREATE EXTENSION pg_stat_statements",
];
export const DIGEST =
  "SELECT count(*)::text || md5(string_agg(id||ec_number||title, ',' ORDER BY id)) AS digest FROM submission";

/** Dumps the database `source`, describes everything in a manifest, and saves it at the target `name`, as the agent does. */
export async function backUp(host: TestHost, setting: Setting, name: string): Promise<Manifest> {
  const manifest = await describe(host, setting);
  await save(setting, name);
  return manifest;
}

async function describe({ server }: TestHost, { dataDir, slice, folder }: Setting): Promise<Manifest> {
  const deps = createDeps({ folder, dataDir, slice, engines: "", socketFolder: "" });
  const dumps = join(dataDir, DUMPS);
  const scratch = join(folder, "dump-scratch");
  mkdirSync(scratch, { recursive: true, mode: 0o700 });
  const address = { socketFolder: server.socketFolder, database: "source", role: "postgres" };
  const { at, database, dump } = await dumpDatabase(address, dumps, { run: deps.run, scratch });
  const { index, folders } = await indexFiles(dataDir, [...FOLDERS], dumps, { run: deps.run, temporary: scratch });
  const keys = deriveKeys(...slice.sealSecrets);
  const env = fingerprintEnv(keys, {});
  await writeManifest(dumps, { appliance: "1.0.0", at: at.toISOString(), env, database, dump, index, folders }, keys);
  return readManifest(dumps, keys);
}

export async function save(setting: Setting, name: string): Promise<void> {
  const { targets } = createDeps(setting);
  const [target] = await targets.chosen(name);
  mkdirSync(target!.url.slice("file://".length), { recursive: true });
  await targets.use(
    target!,
    (engine) => engine.backup({ root: setting.dataDir, paths: [...FOLDERS] }, { create: true }),
    AbortSignal.timeout(60_000),
  );
}
