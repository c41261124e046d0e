import type { Amount } from "@appliance/backup-engine";
import type { Manifest } from "@appliance/backup-content";
import type { JournalRecord } from "./journal.ts";

export interface RecoveryRequest {
  /** Null: the first target that answers and holds a backup. */
  target: string | null;
  /** An instant; the last backup that is not later. Null: the last one. */
  at: string | null;
  /** Only in standby: what an earlier recovery put there makes way, once the new one is beside it and compared. */
  replace: boolean;
}

/**
 * Whether the recovery of the journal is gone on with: it has restored something, and what is asked for now is nothing in particular, or
 * the same.
 */
export function isGoneOnWith(request: RecoveryRequest, record: JournalRecord): boolean {
  return record.phase !== "chosen" && isSameChoice(request, record);
}

/** Whether what is asked for now is what the journal is about. */
export function isSameChoice(request: RecoveryRequest, { target, wanted, point }: JournalRecord): boolean {
  const sameTarget = request.target === null || request.target === target;
  const instants = [wanted.at, point.at].flatMap((at) => (at === null ? [] : [Date.parse(at)]));
  return sameTarget && (request.at === null || instants.includes(Date.parse(request.at)));
}

/** Once the first folder is being moved into its place there is no other choice any more. */
export function isMovingIn({ begunFolders }: JournalRecord): boolean {
  return begunFolders.length > 0;
}

/** PostgreSQL writes about so much beside the tables while it loads (max_wal_size). */
const WRITE_AHEAD_BYTES = 1024 ** 3;

export interface Need extends Amount {
  /** Of `bytes`: the documents and settings, the unpacked dump, the database with what it writes beside. */
  parts: { files: number; dump: number; database: number };
}

/** What has to fit on /data beside what is there. */
export function needOf({ folders, dump, index, database }: Manifest): Need {
  const { files, bytes } = contentOf({ folders, dump, index });
  const parts = { files: bytes, dump: dump.plainBytes, database: database.bytes + WRITE_AHEAD_BYTES };
  return { files, bytes: parts.files + parts.dump + parts.database, parts };
}

/** What is restored at most: the folder of the dump may be among the folders, and counts once more. */
export function contentOf({ folders, dump, index }: Pick<Manifest, "folders" | "dump" | "index">): Amount {
  const sum = (of: (folder: Manifest["folders"][number]) => number) => folders.reduce((all, one) => all + of(one), 0);
  return {
    files: sum(({ files, links }) => files + links),
    bytes: sum(({ bytes }) => bytes) + dump.bytes + index.bytes,
  };
}
