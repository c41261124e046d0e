import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Cancellable, Finding, PruneOutcome } from "../engine.ts";
import { findAhead, whyNoPrune, withinBudget } from "../prune-limits.ts";
import type { BackupPolicy } from "./backup.ts";
import { setsOf, toCollection, toPoint } from "./chains.ts";
import type { DuplicityContext } from "./context.ts";
import { localName, parseFileName } from "./file-names.ts";
import type { LedgerFile } from "./ledger.ts";
import { planPrune } from "./plan-run.ts";
import { ARCHIVE_NAME } from "./program.ts";
import { listRecent, removeRemote } from "./remote.ts";

/** Removes files one after the other until the budget is used up. A point is gone with its manifest, the first of its files. */
export async function prune(
  context: DuplicityContext,
  ledgerFile: LedgerFile,
  { keepMonths }: BackupPolicy,
  options: Cancellable & { budgetMs?: number },
): Promise<PruneOutcome> {
  const gone: string[] = [];
  let postponed: string | undefined;
  let findings: Finding[] = [];
  const spent = await withinBudget(options, async ({ signal }) => {
    const collection = toCollection((await listRecent(context, { signal })).keys());
    const points = setsOf(collection).map(toPoint);
    findings = findAhead(context.url.label, points, context.now());
    postponed = whyNoPrune(context.target, points, context.now());
    if (postponed !== undefined) return;
    const names = planPrune(collection, await ledgerFile.read(), { now: context.now(), keepMonths });
    await removeRemote(context, names, { signal }, (name) => void gone.push(name));
  });
  for (const name of gone) await removeCopies(context, name);
  return { removed: stampsOf(gone).sort(), postponed: spent ?? postponed, findings };
}

const stampsOf = (names: readonly string[]) =>
  names.map(parseFileName).flatMap((file) => (file?.type === "manifest" ? [file.to] : []));

async function removeCopies({ archive }: DuplicityContext, name: string) {
  for (const folder of [ARCHIVE_NAME, "manifests"]) await rm(join(archive, folder, localName(name)), { force: true });
}
