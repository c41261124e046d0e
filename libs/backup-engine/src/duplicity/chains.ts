import type { Point } from "../engine.ts";
import { parseFileName, stampToDate, type RemoteFile } from "./file-names.ts";

/** One run's files at the target. */
export interface BackupSet {
  /** Undefined for a full. */
  from: string | undefined;
  to: string;
  manifest: RemoteFile | undefined;
  volumes: RemoteFile[];
  signatures: RemoteFile | undefined;
}

/** A full and the increments that build on it, oldest first. */
export interface Chain {
  sets: BackupSet[];
}

export interface Collection {
  /** Oldest first. */
  chains: Chain[];
  /** Sets that cannot be restored: without a manifest, or without the set they build on. */
  incomplete: BackupSet[];
}

/** What lies at the target, from the names of its files. */
export function toCollection(names: Iterable<string>): Collection {
  const sets = toSets(names);
  const whole = sets.filter(({ manifest }) => manifest !== undefined);
  const chains = whole.filter(({ from }) => from === undefined).map((full) => ({ sets: followUp(full, whole) }));
  const used = new Set(chains.flatMap(({ sets: used }) => used));
  return { chains, incomplete: sets.filter((set) => !used.has(set)) };
}

function toSets(names: Iterable<string>): BackupSet[] {
  const sets = new Map<string, BackupSet>();
  for (const name of names) {
    const file = parseFileName(name);
    if (file) addTo(sets, file);
  }
  return [...sets.values()].sort((a, b) => (a.to < b.to ? -1 : 1));
}

function addTo(sets: Map<string, BackupSet>, file: RemoteFile) {
  const key = `${file.from ?? "full"}-${file.to}`;
  const set = sets.get(key) ?? {
    from: file.from,
    to: file.to,
    manifest: undefined,
    volumes: [],
    signatures: undefined,
  };
  if (file.type === "volume") set.volumes.push(file);
  else if (file.type === "manifest") set.manifest = file;
  else set.signatures = file;
  sets.set(key, set);
}

/** The full and what builds on it, as long as each increment begins where the one before it ends. */
function followUp(full: BackupSet, sets: readonly BackupSet[]): BackupSet[] {
  const chain = [full];
  for (;;) {
    const end = chain.at(-1)?.to;
    const next = sets.find(({ from }) => from !== undefined && from === end);
    if (!next) return chain;
    chain.push(next);
  }
}

export const setsOf = ({ chains }: Collection): BackupSet[] => chains.flatMap(({ sets }) => sets);

export function toPoint({ from, to }: BackupSet): Point {
  return { id: to, at: stampToDate(to), kind: from === undefined ? "full" : "increment" };
}

export const filesOf = ({ manifest, volumes, signatures }: BackupSet): RemoteFile[] =>
  [manifest, signatures, ...volumes].filter((file) => file !== undefined);
