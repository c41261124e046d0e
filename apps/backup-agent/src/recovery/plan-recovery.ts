import type { Amount } from "@appliance/backup-engine";
import type { Manifest } from "@appliance/backup-content";
import { DUMPS } from "../contents.ts";
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

/** Whether what is asked for now is what the journal is about. What is being moved in already is only to be ended, however it began. */
export function isSameChoice(request: RecoveryRequest, record: JournalRecord): boolean {
  const { target, wanted, point } = record;
  if (request.replace !== wanted.replace && !isMovingIn(record)) return false;
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

/** What is restored. Where the folder of the dump is one of those that are counted, dump and index are in it. */
export function contentOf({ folders, dump, index }: Pick<Manifest, "folders" | "dump" | "index">): Amount {
  const beside = folders.some(({ path }) => path === DUMPS) ? 0 : dump.bytes + index.bytes;
  const sum = (of: (folder: Manifest["folders"][number]) => number) => folders.reduce((all, one) => all + of(one), 0);
  return {
    files: sum(({ files, links }) => files + links),
    bytes: sum(({ bytes }) => bytes) + beside,
  };
}
