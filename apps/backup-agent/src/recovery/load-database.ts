import { rm } from "node:fs/promises";
import { join } from "node:path";
import { checkRows, CONTENT_FILES, findPostgresPrograms, restoreDump, unpackDump } from "@appliance/backup-content";
import { DUMPS } from "../contents.ts";
import { OWNER, SUPERUSER } from "./database-server.ts";
import { OWN_DATABASES, restoredDatabase } from "./places.ts";
import { createMeter, say } from "./progress.ts";
import type { Recovery } from "./recovery.ts";
import { restoredManifest } from "./restore-files.ts";

/**
 * Loads the restored dump into a database of its own, on all cores, as the application's role and with no more rights than that. What a
 * killed run left of it is removed first.
 * @throws OperatorError `PROOF_DUMP_DAMAGED`, `PROOF_DUMP_REFUSED`, `PROOF_LOCALE_MISSING`, `DATABASE_UNREACHABLE`.
 */
export async function loadDatabase(recovery: Recovery): Promise<{ databaseOid: number | null }> {
  const { journal, places, deps, signal } = recovery;
  const manifest = await restoredManifest(recovery);
  const name = restoredDatabase(journal.record().id);
  say(deps.report, "Unpacking the dump of the database");
  await deps.server.drop(OWN_DATABASES);
  await unpackDump(join(places.files, DUMPS, CONTENT_FILES.dump), places.plainDump, manifest?.dump.sha256);
  const { databaseLocale } = await deps.slice();
  const programs = deps.programs ?? (await findPostgresPrograms());
  const into = deps.server.as(OWNER, name);
  const loaded = restoreDump(places.plainDump, {
    into,
    superuser: SUPERUSER,
    locale: { collate: databaseLocale, ctype: databaseLocale },
    list: places.restoreList,
    restore: (args, options) => deps.run(join(programs, "pg_restore"), args, { ...options, signal }),
  });
  await tellSize(recovery, name, manifest?.database.bytes ?? null, loaded);
  await deps.server.analyze(into);
  await rm(places.plainDump, { force: true });
  return { databaseOid: await deps.server.oid(name) };
}

const LOOK_EVERY_MS = 2000;

/** pg_restore says nothing of how far it is; the size of the database does. */
async function tellSize({ deps }: Recovery, name: string, whole: number | null, loaded: Promise<unknown>) {
  const sentence = "Loading the database";
  say(deps.report, sentence);
  const tell = createMeter(deps.report, sentence, whole === null ? null : { files: 0, bytes: whole });
  const look = async () => tell({ files: 0, bytes: await deps.server.bytes(name) });
  // How far it is matters less than that it goes on: a look that fails is none.
  const timer = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
  try {
    await loaded;
  } finally {
    clearInterval(timer);
  }
}

/**
 * Counts the rows of every table, and compares them with the manifest where there is one.
 * @throws OperatorError `PROOF_ROWS_DIFFER`
 */
export async function checkDatabase(recovery: Recovery): Promise<{ loaded: { tables: number; rows: number } }> {
  const { journal, deps } = recovery;
  const manifest = await restoredManifest(recovery);
  say(deps.report, manifest ? "Comparing the rows of all tables with the manifest" : "Counting the rows of all tables");
  const database = deps.server.as(OWNER, restoredDatabase(journal.record().id));
  const { tables, rows } = await checkRows(database, manifest?.database.tables ?? []);
  return { loaded: { tables, rows } };
}
