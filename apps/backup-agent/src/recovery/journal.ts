import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import { syncFolder, writeFileDurable } from "@appliance/files";
import { BackupPoint } from "@appliance/jobs";
import * as z from "zod";
import { failure } from "./failures.ts";
import { PHASES } from "./phases.ts";

const count = z.int().min(0);
const Amount = z.object({ files: count, bytes: count });

const JournalRecord = z.object({
  version: z.literal(1),
  id: z.string().regex(/^[0-9a-f]{12}$/),
  startedAt: z.iso.datetime(),
  /** As it was asked for. */
  wanted: z.object({ target: z.string().nullable(), at: z.iso.datetime().nullable(), replace: z.boolean() }),
  /** What that came to. */
  target: z.string(),
  point: BackupPoint,
  /** Whether the backup has a manifest; one of an older system has none. */
  hasManifest: z.boolean(),
  /** What is to be restored, as the manifest says. */
  total: Amount.nullable(),
  /** The last step that is done and on disk. */
  phase: z.enum(PHASES),
  restored: Amount.nullable(),
  /** PostgreSQL's number of the restored database, which it keeps when it is renamed. */
  databaseOid: count.nullable(),
  loaded: z.object({ tables: count, rows: count }).nullable(),
  /** The folders that are being moved into place, or are there already. */
  begunFolders: z.array(z.string()),
  /** Those whose former content was moved aside before, where it is replaced. */
  clearedFolders: z.array(z.string()),
});
/** What a recovery was asked for and how far it is. It holds no secret. */
export type JournalRecord = z.infer<typeof JournalRecord>;

export interface Journal {
  record: () => JournalRecord;
  /** The recovery's own folder, `.restore-ID` on the file system of the data. */
  folder: string;
  update(change: Partial<JournalRecord>): Promise<void>;
  /** Removes the folder with all that is in it, the journal last: until then the next run goes on with the removal. */
  remove(): Promise<void>;
}

export type NewRecord = Omit<
  JournalRecord,
  "version" | "id" | "phase" | "restored" | "databaseOid" | "loaded" | "begunFolders" | "clearedFolders"
>;

const FOLDER = /^\.restore-(?<id>[0-9a-f]{12})$/;
const FILE = "journal.json";

/** Begins a journal in a new folder of `dataDir`, before anything else is put there. */
export async function createJournal(dataDir: string, begun: NewRecord): Promise<Journal> {
  const id = randomBytes(6).toString("hex");
  const folder = join(dataDir, `.restore-${id}`);
  await mkdir(folder, { mode: 0o700 });
  await syncFolder(dataDir);
  const none = { restored: null, databaseOid: null, loaded: null, begunFolders: [], clearedFolders: [] };
  const journal = openJournal(folder, { version: 1, id, ...begun, ...none, phase: "chosen" });
  await journal.update({});
  return journal;
}

/**
 * The journal that an interrupted recovery left in `dataDir`, if any. A folder without one was just made or is all but removed, and is
 * taken away.
 * @throws OperatorError `RECOVERY_JOURNAL_DAMAGED`
 */
export async function findJournal(dataDir: string): Promise<Journal | undefined> {
  const folders = (await readdir(dataDir)).filter((name) => FOLDER.test(name)).map((name) => join(dataDir, name));
  const found: Journal[] = [];
  for (const folder of folders) {
    const record = await readRecord(folder);
    if (record) found.push(openJournal(folder, record));
    else await rm(folder, { recursive: true, force: true });
  }
  if (found.length > 1)
    throw failure("RECOVERY_JOURNAL_DAMAGED", `there are ${found.length} of them (${folders.join(", ")})`);
  return found[0];
}

async function readRecord(folder: string): Promise<JournalRecord | undefined> {
  const path = join(folder, FILE);
  try {
    return JournalRecord.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    if (error instanceof SyntaxError || error instanceof z.ZodError)
      throw failure("RECOVERY_JOURNAL_DAMAGED", path, error);
    throw error;
  }
}

function openJournal(folder: string, begun: JournalRecord): Journal {
  let record = begun;
  return {
    record: () => record,
    folder,
    async update(change) {
      const next = { ...record, ...change };
      await writeFileDurable(join(folder, FILE), `${JSON.stringify(next, null, 2)}\n`, { mode: 0o600 });
      record = next;
    },
    async remove() {
      const others = (await readdir(folder)).filter((name) => name !== FILE);
      for (const name of others) await rm(join(folder, name), { recursive: true, force: true });
      await rm(folder, { recursive: true, force: true });
      await syncFolder(join(folder, ".."));
    },
  };
}
