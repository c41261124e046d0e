import type { FailureCode } from "../failures.ts";
import { filesOf, type BackupSet, type Chain } from "./chains.ts";
import type { Listing } from "./context.ts";
import type { Ledger } from "./ledger.ts";
import type { VolumeSums } from "./manifest.ts";

/** Something wrong with one chain. */
export interface Damage {
  code: Extract<FailureCode, "BACKUP_VOLUME_MISSING" | "BACKUP_VOLUME_CORRUPT" | "BACKUP_MANIFEST_DAMAGED">;
  /** The stamp of the chain's full. */
  chain: string;
  names: string[];
}

export interface Observed {
  sizes: Listing;
  /** By the set's stamp; undefined where a manifest could not be read. */
  manifests: ReadonlyMap<string, VolumeSums | undefined>;
  known: Ledger["files"];
}

/** Holds what the target lists against the manifests, and sizes against those seen before. Reads no data. */
export function inspect(chains: readonly Chain[], observed: Observed): Damage[] {
  return chains.flatMap((chain) => inspectChain(chain, observed));
}

function inspectChain({ sets }: Chain, observed: Observed): Damage[] {
  const chain = sets[0]?.to ?? "";
  const found: Damage[] = [
    {
      code: "BACKUP_MANIFEST_DAMAGED",
      chain,
      names: sets.filter((set) => isUnreadable(set, observed)).map(manifestName),
    },
    { code: "BACKUP_VOLUME_MISSING", chain, names: sets.flatMap((set) => missingOf(set, observed)) },
    { code: "BACKUP_VOLUME_CORRUPT", chain, names: sets.flatMap((set) => changedOf(set, observed)) },
  ];
  return found.filter(({ names }) => names.length > 0);
}

const isUnreadable = ({ to }: BackupSet, { manifests }: Observed) => manifests.get(to) === undefined;

const manifestName = ({ manifest, to }: BackupSet) => manifest?.name ?? to;

function missingOf({ from, to, volumes, signatures }: BackupSet, { manifests }: Observed): string[] {
  const there = new Set(volumes.map(({ volume }) => volume));
  const wanted = [...(manifests.get(to)?.keys() ?? [])].filter((volume) => !there.has(volume));
  const prefix = from === undefined ? `duplicity-full.${to}` : `duplicity-inc.${from}.to.${to}`;
  const missing = wanted.map((volume) => `${prefix}.vol${volume}.difftar.gpg`);
  return signatures ? missing : [...missing, `the signatures of ${to}`];
}

/** A size of its own right says little; one that differs from what was once right says all. Nothing is ever empty. */
function changedOf(set: BackupSet, { sizes, known }: Observed): string[] {
  return filesOf(set)
    .map(({ name }) => name)
    .filter((name) => {
      const size = sizes.get(name) ?? null;
      return size !== null && (size === 0 || size !== (known[name]?.size ?? size));
    });
}
