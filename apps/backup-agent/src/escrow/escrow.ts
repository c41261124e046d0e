import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import { writeFileDurable } from "@appliance/files";
import type { Log } from "@appliance/jobs";
import * as z from "zod";

const instant = z.iso.datetime();
const Fingerprint = z.string().regex(/^[0-9a-f]{64}$/);

/** What somebody did with an env.yml: proved that it opens the backup, or packaged it for a safe. */
export const EscrowNote = z.object({ fingerprint: Fingerprint, what: z.enum(["proven", "packaged"]) });
export type EscrowNote = z.infer<typeof EscrowNote>;

const times = {
  /** Since when this host has an env.yml with this content. */
  since: instant.nullable(),
  provenAt: instant.nullable(),
  packagedAt: instant.nullable(),
};

/** Of the env.yml that this host uses. Null: not since its last change. */
export const EscrowStatus = z.object(times);
export type EscrowStatus = z.infer<typeof EscrowStatus>;

const Record = z.object({ fingerprint: Fingerprint, ...times });
type Record = z.infer<typeof Record>;
const State = z.object({ versions: z.array(Record).default([]) });

/** Older env.yml files than these say nothing that anybody asks. */
const MOST_VERSIONS = 20;

export interface Escrow {
  /** Notes that this host uses the env.yml with this fingerprint: the days since its change count from the first time. */
  see(fingerprint: string): Promise<void>;
  /** Of the env.yml with this fingerprint, which is the one in use. Writes nothing. */
  status(fingerprint: string): Promise<EscrowStatus>;
  /** Notes what was done with an env.yml, whichever it is. */
  note(note: EscrowNote): Promise<void>;
}

export interface EscrowDeps {
  /** `escrow.json` lies there. */
  stateDir: string;
  now: () => Date;
  log: Log;
}

/**
 * Whether env.yml, without which no backup can be read, is safe: when it changed and when it was last proven or packaged. An env.yml is
 * known by its fingerprint, so that a copy of an older one counts for nothing.
 */
export function createEscrow({ stateDir, now, log }: EscrowDeps): Escrow {
  const path = join(stateDir, "escrow.json");
  let last: Promise<unknown> = Promise.resolve();
  /** One after the other: each reads, changes and writes the whole. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
  const change = (fingerprint: string, changes: (known: Record) => Partial<Record>) =>
    inTurn(async () => {
      const versions = await readVersions(path, log);
      const known = recordOf(fingerprint, versions);
      const next = { ...known, ...changes(known) };
      const others = versions.filter((version) => version !== known);
      const text = `${JSON.stringify({ versions: [next, ...others].slice(0, MOST_VERSIONS) }, null, 2)}\n`;
      if (!isSame(known, next)) await writeFileDurable(path, text, { mode: 0o640 });
    });
  const iso = () => now().toISOString();
  return {
    see: (fingerprint) => change(fingerprint, ({ since }) => ({ since: since ?? iso() })),
    status: async (fingerprint) => EscrowStatus.parse(recordOf(fingerprint, await readVersions(path, log))),
    note: ({ fingerprint, what }) =>
      change(fingerprint, () => (what === "proven" ? { provenAt: iso() } : { packagedAt: iso() })),
  };
}

const recordOf = (fingerprint: string, versions: readonly Record[]): Record =>
  versions.find((version) => version.fingerprint === fingerprint) ?? unknown(fingerprint);

const unknown = (fingerprint: string): Record => ({ fingerprint, since: null, provenAt: null, packagedAt: null });

const isSame = (a: Record, b: Record) => JSON.stringify(a) === JSON.stringify(b);

async function readVersions(path: string, log: Log): Promise<Record[]> {
  try {
    return State.parse(JSON.parse(await readFile(path, "utf8"))).versions;
  } catch (err) {
    if (!isSystemError(err, "ENOENT")) log.warn({ err, path }, "what was known of env.yml cannot be read");
    return [];
  }
}
