import { mkdir } from "node:fs/promises";
import { lstatSync } from "node:fs";
import { dirname, join } from "node:path";
import { OperatorError } from "@appliance/errors";
import type { Amount, Cancellable, RestoreOptions, StoredFile } from "../engine.ts";
import { failure, someOf } from "../failures.ts";
import { requireEmpty } from "../require-empty.ts";
import { setsOf } from "./chains.ts";
import type { DuplicityContext } from "./context.ts";
import { stampToDate } from "./file-names.ts";
import type { LedgerFile } from "./ledger.ts";
import { LogCode, parseListedFile, type ListedFile, type LogMessage } from "./machine-log.ts";
import { observe, toFailure } from "./observe.ts";
import { callDuplicity, duplicityUrl } from "./program.ts";

/** What `redact` puts in place of a secret: a password may be part of a file's name, which is then not comparable. */
const MASK = "[redacted]";

/** Restores a point, or paths of it, and sees that everything the point lists is there afterwards. */
export async function restore(
  context: DuplicityContext,
  ledgerFile: LedgerFile,
  { pointId, paths, into, onProgress, signal }: RestoreOptions,
): Promise<Amount> {
  await requireEmpty(into);
  const options: Cancellable = signal ? { signal } : {};
  const { collection, damage } = await observe(context, await ledgerFile.read(), options);
  const stamps = setsOf(collection).map(({ to }) => to);
  const stamp = pointId ?? stamps.at(-1);
  if (stamp === undefined || !stamps.includes(stamp))
    throw failure("BACKUP_NOT_FOUND", context.url.label, pointId ?? "it is empty");
  const chain = collection.chains.find(({ sets }) => sets.some(({ to }) => to === stamp))?.sets[0]?.to;
  try {
    for (const path of paths ?? [undefined]) await restoreOne(context, { stamp, path, into, onProgress, ...options });
  } catch (error) {
    // A volume that is not there ends duplicity with a KeyError of Python that names nothing.
    const missing = damage.find((one) => one.chain === chain);
    throw missing && isVague(error) ? toFailure(missing, context) : error;
  }
  return requireRestored(context, { stamp, paths, into, ...options });
}

const isVague = (error: unknown) =>
  error instanceof OperatorError && ["BACKUP_FAILED", "BACKUP_MANIFEST_DAMAGED"].includes(error.code);

interface OneRestore extends Cancellable {
  stamp: string;
  /** Undefined for everything. */
  path: string | undefined;
  into: string;
  onProgress: RestoreOptions["onProgress"];
}

async function restoreOne(context: DuplicityContext, { stamp, path, into, onProgress, ...options }: OneRestore) {
  const target = path === undefined ? into : join(into, path);
  await mkdir(path === undefined ? into : dirname(target), { recursive: true });
  const done: Amount = { files: 0, bytes: 0 };
  const onMessage = ({ level, code }: LogMessage) => {
    if (level !== "INFO" || (code !== LogCode.restored && code !== LogCode.restoredPatch)) return;
    done.files += 1;
    onProgress?.({ ...done });
  };
  await callDuplicity(context, "restore", {
    ...options,
    before: ["--verbosity", "info", ...atTime(stamp), ...(path === undefined ? [] : ["--path-to-restore", path])],
    after: [duplicityUrl(context.url), target],
    onMessage,
  });
}

const atTime = (stamp: string) => ["--restore-time", String(stampToDate(stamp).getTime() / 1000)];

/** Lists the files of a point, with names as bytes. */
export async function listFiles(
  context: DuplicityContext,
  stamp: string,
  onFile: (file: ListedFile) => void,
  options: Cancellable,
): Promise<void> {
  const onMessage = ({ code, extra, level }: LogMessage) => {
    const file = level === "INFO" && code === LogCode.fileListed ? parseListedFile(extra) : undefined;
    if (file && file.path.toString() !== ".") onFile(file);
  };
  const after = [duplicityUrl(context.url)];
  await callDuplicity(context, "list-current-files", { ...options, before: atTime(stamp), after, onMessage });
}

const TYPES: Readonly<Record<string, StoredFile["type"]>> = { reg: "file", dir: "folder", sym: "link" };

export function toStoredFile({ path, type, modifiedAt }: ListedFile): StoredFile {
  return { path: path.toString(), type: TYPES[type] ?? "other", size: undefined, modifiedAt };
}

/** duplicity may end with 0 though files are missing: each that the point lists must be there. */
async function requireRestored(
  context: DuplicityContext,
  {
    stamp,
    paths,
    into,
    ...options
  }: Cancellable & { stamp: string; paths: readonly string[] | undefined; into: string },
): Promise<Amount> {
  const amount: Amount = { files: 0, bytes: 0 };
  const missing: string[] = [];
  await listFiles(
    context,
    stamp,
    ({ path, type }) => {
      if (!isWanted(path, paths) || path.includes(MASK)) return;
      const stat = lstatSync(Buffer.concat([Buffer.from(`${into}/`), path]), { throwIfNoEntry: false });
      if (!stat || (type === "reg") !== stat.isFile()) missing.push(path.toString());
      if (!stat?.isFile()) return;
      amount.files += 1;
      amount.bytes += stat.size;
    },
    options,
  );
  if (missing.length > 0) throw failure("BACKUP_RESTORE_INCOMPLETE", context.url.label, `without ${someOf(missing)}`);
  return amount;
}

function isWanted(path: Buffer, paths: readonly string[] | undefined): boolean {
  const name = path.toString();
  return paths?.every((wanted) => name !== wanted && !name.startsWith(`${wanted}/`)) !== true;
}
