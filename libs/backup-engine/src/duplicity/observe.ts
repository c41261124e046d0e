import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { OperatorError } from "@appliance/errors";
import { readIfThere } from "@appliance/files";
import type { Cancellable } from "../engine.ts";
import { failure, someOf } from "../failures.ts";
import { setsOf, toCollection, type BackupSet, type Collection } from "./chains.ts";
import type { DuplicityContext, Listing } from "./context.ts";
import { localName } from "./file-names.ts";
import { inspect, type Damage } from "./inspect.ts";
import type { Ledger } from "./ledger.ts";
import { parseManifest, type VolumeSums } from "./manifest.ts";
import { ARCHIVE_NAME } from "./program.ts";
import { decryptRemote, listRemote } from "./remote.ts";

/** What lies at the target, and what is wrong with it as far as names, sizes and manifests tell. */
export interface Observation {
  sizes: Listing;
  collection: Collection;
  manifests: ReadonlyMap<string, VolumeSums | undefined>;
  damage: Damage[];
}

export async function observe(context: DuplicityContext, ledger: Ledger, options: Cancellable): Promise<Observation> {
  const sizes = await listRemote(context, options);
  const collection = toCollection(sizes.keys());
  const manifests = await readManifests(context, setsOf(collection), options);
  const damage = inspect(collection.chains, { sizes, manifests, known: ledger.files });
  return { sizes, collection, manifests, damage };
}

/** From duplicity's archive folder, else from the target, once. Undefined for one that is damaged. */
async function readManifests(context: DuplicityContext, sets: readonly BackupSet[], options: Cancellable) {
  const manifests = new Map<string, VolumeSums | undefined>();
  const stampOf = new Map<string, string>();
  for (const { to, manifest } of sets) {
    const text = manifest && (await readCopy(context, manifest.name));
    if (text !== undefined) manifests.set(to, parseManifest(text));
    else if (manifest) stampOf.set(manifest.name, to);
  }
  const keep = async (name: string, text: string | undefined) => {
    manifests.set(stampOf.get(name) ?? "", text === undefined ? undefined : parseManifest(text));
    if (text !== undefined) await writeCopy(context, name, text);
  };
  await decryptRemote(context, [...stampOf.keys()], keep, { ...options, wanted: true });
  return manifests;
}

async function readCopy(context: DuplicityContext, name: string): Promise<string | undefined> {
  const own = join(context.archive, ARCHIVE_NAME, localName(name));
  return (await readIfThere(own)) ?? readIfThere(copyOf(context, name));
}

/** Apart from duplicity's own: a file that it did not expect there would be taken for a backup, or removed. */
const copyOf = ({ archive }: DuplicityContext, name: string) => join(archive, "manifests", localName(name));

async function writeCopy(context: DuplicityContext, name: string, text: string) {
  await mkdir(join(context.archive, "manifests"), { recursive: true, mode: 0o700 });
  await writeFile(copyOf(context, name), text, { mode: 0o600 });
}

export function toFailure({ code, names }: Damage, { url }: DuplicityContext): OperatorError {
  return failure(code, url.label, someOf(names));
}
