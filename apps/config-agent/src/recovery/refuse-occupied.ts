import { formatInstant } from "@appliance/calendar";
import { OperatorError } from "@appliance/errors";
import type { Database } from "../database/database.ts";
import { PATHS } from "../paths.ts";
import type { RootFiles } from "../root-files.ts";

/** What a recovery has restored and not yet put in place lies in folders of this name; such a host is no longer bare by its own doing. */
const LEFT_BY_RECOVERY = /^\.restore-/;

const START_OR_MOVE =
  "To start it with what it holds, run `appliance start`. To recover in its place, move it away first: docs/recovery.md says how.";

export interface OccupiedOptions {
  remedy?: string;
  /** When a recovery began that has put back what is here: who gives the same command again learns that it is done. */
  recoveredAt?: Date | undefined;
}

/**
 * A quick look before anything is stopped or changed; the recovery itself looks at every file.
 * @throws OperatorError `RECOVERY_OCCUPIED` where this host holds data
 */
export async function refuseOccupied(
  files: RootFiles,
  database: Database,
  signal: AbortSignal,
  { remedy = START_OR_MOVE, recoveredAt }: OccupiedOptions = {},
): Promise<void> {
  if ((await files.names(PATHS.data)).some((name) => LEFT_BY_RECOVERY.test(name))) return;
  const held: string[] = [];
  if ((await files.names(PATHS.vault)).length > 0) held.push(`documents in ${PATHS.vault}`);
  if (await holdsTables(database, signal)) held.push("a database with tables");
  if (held.length > 0) throw occupied(held, remedy, recoveredAt);
}

/** A database that does not run is started by the recovery, which looks again. */
async function holdsTables(database: Database, signal: AbortSignal): Promise<boolean> {
  try {
    await database.waitUntilReady(0, signal);
  } catch (err) {
    if (err instanceof OperatorError && err.code === "DATABASE_UNREACHABLE") return false;
    throw err;
  }
  return database.holdsTables();
}

function occupied(held: readonly string[], remedy: string, recoveredAt: Date | undefined): OperatorError {
  const since =
    recoveredAt === undefined ? "" : `The recovery of ${formatInstant(recoveredAt)} has put back its data already. `;
  const sentence = `${since}This host holds ${held.join(" and ")}; a recovery never writes over data.`;
  return new OperatorError("RECOVERY_OCCUPIED", sentence, { remedy });
}
