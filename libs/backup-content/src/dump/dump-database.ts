import { rm } from "node:fs/promises";
import { join } from "node:path";
import { CommandError, type RunCommand } from "@appliance/command";
import type { OperatorError } from "@appliance/errors";
import { withFlock } from "@appliance/files";
import { failure } from "../failures.ts";
import { CONTENT_FILES, STAGED_DUMP, type DatabaseRecord, type DumpRecord } from "../manifest/manifest.ts";
import { findPostgresPrograms, wordsOf } from "../postgres-programs.ts";
import { connectionArguments, withClient, type DatabaseAddress } from "./connection.ts";
import { withFifo } from "./fifo.ts";
import { piped } from "./piped.ts";
import { rsyncableGzip } from "./rsyncable-gzip.ts";
import { countRows, exportSnapshot, type Snapshot } from "./snapshot.ts";
import { publish, writeStream } from "./write-stream.ts";

export interface DumpDependencies {
  run: RunCommand;
  /** A private folder (0700), the same in every run. */
  scratch: string;
  /** The folder of PostgreSQL's programs; default: the newest of Debian's. */
  programs?: string;
}

export interface DumpOptions {
  signal?: AbortSignal;
  /** Of gzip, 1 to 9; default 6. */
  level?: number;
  onProgress?: (progress: { plainBytes: number; writtenBytes: number }) => void;
}

export interface DumpOutcome {
  at: Date;
  database: DatabaseRecord;
  dump: DumpRecord;
}

const LONGEST_DUMP_MS = 12 * 3_600_000;

/** A migration that holds a table for longer makes the dump fail instead of wait into the next night. */
const LOCK_WAIT_MS = 600_000;

/**
 * Dumps a database to `ecs.pgdump.gz` in `folder` and counts the rows of its tables, both from one snapshot. The file there is
 * the old one until the new one is whole and on disk, whatever happens.
 * @throws OperatorError `BACKUP_NO_DATABASE`, `DATABASE_UNREACHABLE`, `BACKUP_LARGE_OBJECTS`, `BACKUP_DUMP_FAILED`, `BACKUP_DISK_FULL`, `LOCK_TAKEN`
 * while another run dumps, `COMMAND_ABORTED`.
 */
export async function dumpDatabase(
  address: DatabaseAddress,
  folder: string,
  deps: DumpDependencies,
  options: DumpOptions = {},
): Promise<DumpOutcome> {
  // Who holds the lock may take away what a killed run left.
  return withFlock(join(deps.scratch, "dump.lock"), { waitMs: 0 }, () =>
    withClient(address, async (client) => {
      const snapshot = await exportSnapshot(client);
      const both = createPair(options.signal);
      const [dump, tables] = await both.wait([
        writeDump(address, snapshot, folder, deps, { ...options, signal: both.signal }),
        countRows(client, both.signal),
      ]);
      await publish(join(folder, STAGED_DUMP), join(folder, CONTENT_FILES.dump));
      return { at: snapshot.at, database: { ...snapshot.facts, tables }, dump };
    }),
  );
}

async function writeDump(
  address: DatabaseAddress,
  snapshot: Snapshot,
  folder: string,
  deps: DumpDependencies,
  { level, onProgress, signal }: DumpOptions & { signal: AbortSignal },
): Promise<DumpRecord> {
  return withFifo(deps.run, join(deps.scratch, "dump.fifo"), async (fifo) => {
    const meter = createMeter(onProgress);
    const file = { path: join(folder, STAGED_DUMP), mode: 0o640 };
    const writing = writeStream(file, meter.written(rsyncableGzip(meter.plain(fifo.output), level)));
    const dumping = async (stop: AbortSignal) => {
      try {
        await runPgDump(address, snapshot, fifo.path, deps, stop);
      } finally {
        await fifo.finish();
      }
    };
    const written = await piped(writing, dumping, signal).catch(async (error: unknown) => {
      // The stream may have been whole: what a failed pg_dump wrote looks like a dump to no one.
      await rm(file.path, { force: true });
      throw error;
    });
    return { ...written, plainBytes: meter.plainBytes() };
  });
}

async function runPgDump(
  address: DatabaseAddress,
  snapshot: Snapshot,
  path: string,
  deps: DumpDependencies,
  signal: AbortSignal,
) {
  const programs = deps.programs ?? (await findPostgresPrograms());
  // A pipe cannot be synced; the file behind it is.
  const format = [
    "--format=custom",
    "--compress=0",
    "--no-sync",
    `--snapshot=${snapshot.id}`,
    `--lock-wait-timeout=${LOCK_WAIT_MS}`,
  ];
  const args = [...connectionArguments(address), ...format, `--file=${path}`];
  try {
    await deps.run(join(programs, "pg_dump"), args, { timeoutMs: LONGEST_DUMP_MS, signal });
  } catch (error) {
    if (error instanceof CommandError && error.code === "COMMAND_FAILED") throw asDumpFailure(error);
    throw error;
  }
}

/** Large objects are the only data to which PostgreSQL 17 knows no right by which a role may read them all and change none. */
function asDumpFailure(error: CommandError): OperatorError {
  const code = /permission denied for large object/.test(error.stderrTail)
    ? "BACKUP_LARGE_OBJECTS"
    : "BACKUP_DUMP_FAILED";
  return failure(code, wordsOf(error), error);
}

/** Two works that need each other: when one fails the other is stopped, and the first failure is the one that counts. */
function createPair(outer: AbortSignal | undefined) {
  const stop = new AbortController();
  const signal = outer ? AbortSignal.any([outer, stop.signal]) : stop.signal;
  return {
    signal,
    async wait<A, B>(works: [Promise<A>, Promise<B>]): Promise<[A, B]> {
      try {
        return await Promise.all(works);
      } catch (error) {
        stop.abort();
        await Promise.allSettled(works);
        throw error;
      }
    },
  };
}

function createMeter(onProgress: DumpOptions["onProgress"]) {
  let plainBytes = 0;
  let writtenBytes = 0;
  return {
    plainBytes: () => plainBytes,
    async *plain(source: AsyncIterable<Buffer>) {
      for await (const chunk of source) {
        plainBytes += chunk.length;
        yield chunk;
      }
    },
    async *written(source: AsyncIterable<Buffer>) {
      for await (const part of source) {
        yield part;
        writtenBytes += part.length;
        onProgress?.({ plainBytes, writtenBytes });
      }
    },
  };
}
