import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { DATABASE, FOLDERS } from "../contents.ts";
import { failure } from "./failures.ts";
import { moveIn } from "./move-in.ts";
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
    const [from, to, aside] = [places.files, deps.dataDir, places.before].map((root) =>
      Buffer.from(join(root, folder)),
    );
    await moveIn({ from: from!, to: to!, aside: aside!, name: folder, kept: KEPT, mayReplace: mayReplace(folder) });
    deps.log.info({ folder }, "restored folder is in its place");
  }
  await writeBack(recovery, deps.dataDir);
  return {};
}

/** Gives the restored database its name; an empty one of that name makes way and is removed at the end. */
export async function swapDatabase({ journal, deps: { server, report, log } }: Recovery): Promise<object> {
  say(report, "Putting the database in its place");
  const { id, databaseOid } = journal.record();
  const present = await server.oid(DATABASE);
  if (present !== null && present === databaseOid) return {};
  if ((await server.oid(restoredDatabase(id))) === null) throw lost(restoredDatabase(id));
  if (present !== null) {
    const tables = await server.tables(DATABASE);
    if (tables) throw failure("RECOVERY_DATABASE_IN_USE", `the database ${DATABASE} has ${tables} tables`);
    await server.rename(DATABASE, replacedDatabase(id));
    log.info({}, "empty database made way");
  }
  await server.rename(restoredDatabase(id), DATABASE);
  log.info({}, "restored database has its name");
  return {};
}

function lost(database: string): OperatorError {
  return new OperatorError("RECOVERY_DATABASE_LOST", `The restored database ${database} was removed by another hand.`, {
    remedy: "Run `appliance recover` with --at and the time of the backup, to restore all of it again.",
  });
}
