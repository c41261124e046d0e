import type { Cancellable, ReadOutcome } from "../engine.ts";
import { failure, someOf } from "../failures.ts";
import { everythingReadSince, planReading, type ReadablePart } from "../plan-reading.ts";
import { withSizes } from "./backup.ts";
import { filesOf, setsOf } from "./chains.ts";
import type { DuplicityContext } from "./context.ts";
import { parseFileName, type RemoteFile } from "./file-names.ts";
import type { Damage } from "./inspect.ts";
import type { Ledger, LedgerFile } from "./ledger.ts";
import { observe, toFailure, type Observation } from "./observe.ts";
import { decryptRemote, readRemote } from "./remote.ts";

/** What is missing or has another size, as far as the list of the target tells. @throws OperatorError for the first of it. */
export async function check(
  context: DuplicityContext,
  ledgerFile: LedgerFile,
  options: Cancellable,
): Promise<Observation> {
  const ledger = await ledgerFile.read();
  const seen = await observe(context, ledger, options);
  if (seen.collection.chains.length === 0) throw failure("BACKUP_NOT_FOUND", context.url.label, "it is empty");
  await ledgerFile.write({ ...withDamage(ledger, seen.damage), files: withSizes(ledger.files, seen) });
  if (seen.damage[0]) throw toFailure(seen.damage[0], context);
  return seen;
}

function withDamage(ledger: Ledger, damage: readonly Damage[]): Ledger {
  return { ...ledger, damagedChains: [...new Set([...ledger.damagedChains, ...damage.map(({ chain }) => chain)])] };
}

/**
 * Reads the files that are due from the target: volumes against the sums of their manifests, manifests and signatures through
 * gpg. All that are due are read before the failure is thrown, so that it names everything that is damaged.
 */
export async function verifyData(
  context: DuplicityContext,
  ledgerFile: LedgerFile,
  { everything = false, signal }: Cancellable & { everything?: boolean },
): Promise<ReadOutcome> {
  const options: Cancellable = signal ? { signal } : {};
  const seen = await check(context, ledgerFile, options);
  const ledger = await ledgerFile.read();
  const due = everything ? partsOf(seen, ledger) : planReading(partsOf(seen, ledger), context.now());
  const bad = [...(await readVolumes(context, seen, due, options)), ...(await decryptOthers(context, due, options))];
  const after = withReadAt(ledger, due, bad, context.now());
  await ledgerFile.write(
    withDamage(
      after,
      bad.map((name) => damageOf(name, seen)),
    ),
  );
  if (bad.length > 0) throw failure(codeOf(bad), context.url.label, someOf(bad));
  const parts = partsOf(seen, after);
  const points = setsOf(seen.collection).length;
  return { read: amountOf(due), stored: amountOf(parts), points, everythingReadSince: everythingReadSince(parts) };
}

function partsOf({ collection, sizes }: Observation, { files }: Ledger): ReadablePart[] {
  return setsOf(collection)
    .flatMap(filesOf)
    .map(({ name }) => {
      const readAt = files[name]?.readAt;
      return { name, bytes: sizes.get(name) ?? 0, readAt: readAt === undefined ? undefined : new Date(readAt) };
    });
}

const amountOf = (parts: readonly ReadablePart[]) => ({
  files: parts.length,
  bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
});

async function readVolumes(
  context: DuplicityContext,
  seen: Observation,
  due: readonly ReadablePart[],
  options: Cancellable,
): Promise<string[]> {
  const bad: string[] = [];
  const names = due.map(({ name }) => name).filter((name) => typeOf(name) === "volume");
  await readRemote(context, names, ({ name, sha1 }) => void (sumOf(name, seen) !== sha1 && bad.push(name)), options);
  return bad;
}

function sumOf(name: string, { manifests }: Observation): string | undefined {
  const file = parseFileName(name);
  return file ? manifests.get(file.to)?.get(file.volume ?? 0) : undefined;
}

async function decryptOthers(context: DuplicityContext, due: readonly ReadablePart[], options: Cancellable) {
  const bad: string[] = [];
  const names = due.map(({ name }) => name).filter((name) => typeOf(name) !== "volume");
  const note = async (name: string, text: string | undefined) => void (text === undefined && bad.push(name));
  await decryptRemote(context, names, note, { ...options, wanted: false });
  return bad;
}

const typeOf = (name: string): RemoteFile["type"] | undefined => parseFileName(name)?.type;

const codeOf = (bad: readonly string[]) =>
  bad.some((name) => typeOf(name) === "volume") ? "BACKUP_VOLUME_CORRUPT" : "BACKUP_MANIFEST_DAMAGED";

function damageOf(name: string, { collection }: Observation): Damage {
  const chain = collection.chains.find(({ sets }) =>
    sets.some((set) => filesOf(set).some((file) => file.name === name)),
  );
  return { code: "BACKUP_VOLUME_CORRUPT", chain: chain?.sets[0]?.to ?? "", names: [name] };
}

function withReadAt(ledger: Ledger, due: readonly ReadablePart[], bad: readonly string[], now: Date): Ledger {
  const files = { ...ledger.files };
  for (const { name, bytes } of due)
    if (!bad.includes(name)) files[name] = { size: files[name]?.size ?? bytes, readAt: now.toISOString() };
  return { ...ledger, files };
}
