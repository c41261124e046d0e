import { BYTES_A_FILE, type Manifest } from "@appliance/backup-content";
import { OperatorError } from "@appliance/errors";
import { DUMPS, VAULT } from "../contents.ts";

export interface DrillFacts {
  /** What the backup holds, as it says itself. */
  manifest: Pick<Manifest, "folders" | "dump" | "index" | "database">;
  /** Where it is restored and loaded. */
  freeBytes: number;
}

/** Everything; or everything but the vault, and of the vault as much as has room. */
export type DrillPlan =
  | { extent: "whole"; neededBytes: number }
  | { extent: "sample"; neededBytes: number; paths: string[]; vaultBytes: number };

/** What an empty cluster of PostgreSQL takes, with its log of changes. */
const CLUSTER_BYTES = 256 * 1024 * 1024;

/** For what the file system keeps to itself, and for whoever else writes there meanwhile. */
const SPARE = 1.05;

/**
 * Decides how much of a backup a drill restores. Asks no disk.
 * @throws OperatorError `DRILL_SPACE_SHORT`, with the numbers, where not even the database has room
 */
export function planDrill({ manifest: { folders, dump, index, database }, freeBytes }: DrillFacts): DrillPlan {
  const there = folders.filter(({ files, links }) => files + links > 0);
  const bytesOf = (chosen: typeof folders) =>
    chosen.reduce((sum, { files, links, bytes }) => sum + bytes + (files + links) * BYTES_A_FILE, 0);
  const loaded = dump.bytes + index.bytes + dump.plainBytes + database.bytes + CLUSTER_BYTES;
  const others = there.filter(({ path }) => path !== VAULT && path !== DUMPS);
  const withSpare = (bytes: number) => Math.ceil(bytes * SPARE);

  const neededBytes = withSpare(loaded + bytesOf(there.filter(({ path }) => path !== DUMPS)));
  if (neededBytes <= freeBytes) return { extent: "whole", neededBytes };
  const leastBytes = withSpare(loaded + bytesOf(others));
  if (leastBytes > freeBytes) throw spaceShort(leastBytes, freeBytes);
  const vaultBytes = Math.floor((freeBytes - leastBytes) / SPARE);
  return { extent: "sample", neededBytes, paths: [DUMPS, ...others.map(({ path }) => path)], vaultBytes };
}

export interface LegacyFacts {
  /** At the target, of all its backups: no single one takes more. */
  storedBytes: number;
  freeBytes: number;
}

/** The same for a backup of an older system, which does not say what it holds. */
export function planLegacyDrill({ storedBytes, freeBytes }: LegacyFacts): DrillPlan {
  const neededBytes = Math.ceil(storedBytes * SPARE) + CLUSTER_BYTES;
  if (neededBytes <= freeBytes) return { extent: "whole", neededBytes };
  return { extent: "sample", neededBytes, paths: [DUMPS], vaultBytes: 0 };
}

function spaceShort(neededBytes: number, freeBytes: number): OperatorError {
  return new OperatorError(
    "DRILL_SPACE_SHORT",
    `/volatile has ${megabytes(freeBytes)} free, and the drill needs ${megabytes(neededBytes)} to load the database alone.`,
    { remedy: "Free space on /volatile or make it larger, then start the drill again." },
  );
}

const megabytes = (bytes: number) => `${Math.ceil(bytes / 1024 / 1024)} MB`;
