import { readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isSystemError, OperatorError } from "@appliance/errors";
import { syncFolder, writeFileDurable } from "@appliance/files";
import * as z from "zod";
import type { Loss } from "./plan-safety.ts";

const amount = z.int().min(0);

const Schema: z.ZodType<Loss> = z.object({
  since: z.iso.datetime(),
  before: z.object({
    database: z.object({
      name: z.string(),
      server: z.string(),
      collate: z.string(),
      ctype: z.string(),
      bytes: amount,
      tables: z.array(z.object({ schema: z.string(), name: z.string(), rows: amount })),
    }),
    folders: z.array(z.object({ path: z.string(), files: amount, links: amount, bytes: amount, summed: amount })),
  }),
});

const pathIn = (stateDir: string) => join(stateDir, "loss.json");

/**
 * The loss that waits for an operator, undefined where there is none.
 * @throws OperatorError `BACKUP_LOSS_UNREADABLE`: to take a damaged record for none would have old backups removed.
 */
export async function readLoss(stateDir: string): Promise<Loss | undefined> {
  try {
    return Schema.parse(JSON.parse(await readFile(pathIn(stateDir), "utf8")));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw unreadable(pathIn(stateDir), error);
  }
}

function unreadable(path: string, cause: unknown): OperatorError {
  return new OperatorError("BACKUP_LOSS_UNREADABLE", `The record of a sudden loss cannot be read: ${path}`, {
    remedy: "See whether documents are missing. If none are, run `appliance backup run --accept-loss`.",
    cause,
  });
}

/** Remembers it, or forgets one that is over; on disk when it returns. */
export async function rememberLoss(stateDir: string, loss: Loss | undefined): Promise<void> {
  const path = pathIn(stateDir);
  if (loss) return writeFileDurable(path, `${JSON.stringify(loss, null, 2)}\n`, { mode: 0o640 });
  await rm(path, { force: true });
  await syncFolder(dirname(path));
}
