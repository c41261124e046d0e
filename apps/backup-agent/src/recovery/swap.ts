import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { DATABASE, FOLDERS } from "../contents.ts";
import { failure } from "./failures.ts";
import { moveContentAside, moveIn } from "./move-in.ts";
import { replacedDatabase, restoredDatabase } from "./places.ts";
import { say } from "./progress.ts";
import type { Recovery } from "./recovery.ts";
import { writeBack } from "./restore-files.ts";

/**
 * Folders that containers of the core have mounted, or that belong to an agent: they stay, with owner and rights as the storage step
 * made them, and what is in them is moved.
 */
const KEPT: ReadonlySet<string> = new Set([...FOLDERS, "etc/certificates", "etc/backup"]);

/** Settings that the preparation of this host made are made anew by the next apply; documents, dumps and authorities never are. */
const mayReplace = (folder: string) => folder === "etc";

/**
 * Puts the restored folders in their places, one after the other. A folder is noted before its first rename, and when all are on disk
 * the step is done.
 */
export async function swapFolders(recovery: Recovery): Promise<object> {
  const { journal, places, deps } = recovery;
  for (const folder of FOLDERS) {
    say(deps.report, `Putting ${folder} in its place`);
    const { begunFolders } = journal.record();
    if (!begunFolders.includes(folder)) await journal.update({ begunFolders: [...begunFolders, folder] });
    await clearFolder(recovery, folder);
    const at = (root: string) => Buffer.from(join(root, folder));
    const [from, to, aside] = [at(places.files), at(deps.dataDir), at(places.before)];
    await moveIn({ from, to, aside, name: folder, kept: KEPT, mayReplace: mayReplace(folder) });
    deps.log.info({ folder }, "restored folder is in its place");
  }
  await writeBack(recovery, deps.dataDir);
  return {};
}

/**
 * Where the copy of a standby is replaced, what is gone from the live host must be gone here too: the former content leaves, and that it
 * has left is on disk before anything new comes, since afterwards nobody could tell one from the other.
 */
async function clearFolder({ journal, places, deps }: Recovery, folder: string): Promise<void> {
  const { wanted, clearedFolders } = journal.record();
  if (!wanted.replace || mayReplace(folder) || clearedFolders.includes(folder)) return;
  await moveContentAside(Buffer.from(join(deps.dataDir, folder)), Buffer.from(join(places.before, folder)));
  await writeBack({ deps }, deps.dataDir);
  await journal.update({ clearedFolders: [...clearedFolders, folder] });
}

/** Gives the restored database its name; one of that name that may make way is removed at the end. */
export async function swapDatabase({ journal, deps: { server, report, log } }: Recovery): Promise<object> {
  say(report, "Putting the database in its place");
  const { id, databaseOid, wanted } = journal.record();
  const present = await server.oid(DATABASE);
  if (present !== null && present === databaseOid) return {};
  if ((await server.oid(restoredDatabase(id))) === null) throw lost(restoredDatabase(id));
  if (present !== null) {
    const tables = await server.tables(DATABASE);
    if (tables && !wanted.replace)
      throw failure("RECOVERY_DATABASE_IN_USE", `the database ${DATABASE} has ${tables} tables`);
    await server.rename(DATABASE, replacedDatabase(id));
    log.info({}, "former database made way");
  }
  await server.rename(restoredDatabase(id), DATABASE);
  log.info({}, "restored database has its name");
  return {};
}

function lost(database: string): OperatorError {
  return new OperatorError("RECOVERY_DATABASE_LOST", `The restored database ${database} was removed by another hand.`, {
    remedy:
      "The files are in their place. Load /data/ecs-pgdump/ecs.pgdump.gz (gunzip, pg_restore) into a database of that name, then run `appliance recover --yes-i-am-sure` again.",
  });
}
