import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Cancellable, PruneOutcome } from "../engine.ts";
import type { BackupPolicy } from "./backup.ts";
import { toCollection } from "./chains.ts";
import type { DuplicityContext } from "./context.ts";
import { localName } from "./file-names.ts";
import type { LedgerFile } from "./ledger.ts";
import { planPrune } from "./plan-run.ts";
import { ARCHIVE_NAME } from "./program.ts";
import { listRemote, removeRemote } from "./remote.ts";

export async function prune(
  context: DuplicityContext,
  ledgerFile: LedgerFile,
  { keepMonths }: BackupPolicy,
  options: Cancellable,
): Promise<PruneOutcome> {
  if (context.target.appendOnly === true) return { removed: [], postponed: "the account cannot delete (append-only)" };
  const ledger = await ledgerFile.read();
  const collection = toCollection((await listRemote(context, options)).keys());
  const { points, files } = planPrune(collection, ledger, { now: context.now(), keepMonths });
  await removeRemote(context, files, options);
  for (const name of files) await removeCopies(context, name);
  return { removed: points, postponed: undefined };
}

async function removeCopies({ archive }: DuplicityContext, name: string) {
  for (const folder of [ARCHIVE_NAME, "manifests"]) await rm(join(archive, folder, localName(name)), { force: true });
}
