import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { BackupEngine, EngineDependencies } from "../engine.ts";
import { createRecent } from "../recent.ts";
import { isSsh, removeSshFiles, writeSshFiles } from "../ssh.ts";
import { credentialsOf, invalid, parseTarget, type Target } from "../target.ts";
import { backUp, type BackupPolicy } from "./backup.ts";
import { setsOf, toCollection, toPoint } from "./chains.ts";
import { clearKilledRuns } from "./clear-killed-runs.ts";
import type { DuplicityContext, Listing } from "./context.ts";
import { parseFileName } from "./file-names.ts";
import { openGpgHome } from "./gpg-home.ts";
import { openLedger } from "./ledger.ts";
import { parseDuplicityOptions } from "./options.ts";
import { ARCHIVE_NAME } from "./program.ts";
import { prune } from "./prune.ts";
import { listRecent, listRemote } from "./remote.ts";
import { listFiles, restore, toStoredFile } from "./restore.ts";
import { check, verifyData } from "./verify.ts";

export interface DuplicitySettings {
  target: Target;
  /** The armored OpenPGP secret key of env.yml, without passphrase: it encrypts, decrypts and signs. */
  key: string;
  /** `appliance:backup:options`. */
  options?: string;
  policy?: BackupPolicy;
}

/** As the manual has it: a new full after two months, and what is older than four months is purged. */
const MANUAL_POLICY: BackupPolicy = { fullEveryMonths: 2, keepMonths: 4 };

/** Where the image has `python/duplicity-remote`. */
const REMOTE_PROGRAM = "/usr/local/lib/appliance/duplicity-remote";

/**
 * The engine of old env.yml files: duplicity 3, encrypted and signed with an OpenPGP key. `close` it after use.
 * @throws OperatorError `BACKUP_TARGET_INVALID`, `BACKUP_OPTION_REFUSED` or `BACKUP_KEY_UNUSABLE`, before the target is asked.
 */
export async function openDuplicityEngine(
  { target, key, options = "", policy = MANUAL_POLICY }: DuplicitySettings,
  { run, scratch, archive, now, stallMs, ...given }: EngineDependencies & { remoteProgram?: string },
): Promise<BackupEngine> {
  const temporary = given.temporary ?? scratch;
  const [url, parsed] = [parseTarget(target), parseDuplicityOptions(options)];
  credentialsOf(target);
  // duplicity puts it between single quotes into commands of lftp, one of which starts programs.
  if (/ftp/.test(url.scheme) && !isSsh(url) && /['\r\n]/.test(url.password ?? ""))
    throw invalid("has a password with a single quote, which duplicity cannot give to an ftp server");
  await mkdir(join(scratch, "home"), { recursive: true, mode: 0o700 });
  await clearKilledRuns([temporary, join(archive, ARCHIVE_NAME)]);
  const [ssh, gpg] = [await writeSshFiles(scratch, target), await openGpgHome(run, scratch, key)];
  const remoteProgram = given.remoteProgram ?? REMOTE_PROGRAM;
  const places = { scratch, temporary, archive, remoteProgram };
  const recent = createRecent<Listing>();
  return createEngine({ run, now, stallMs, target, url, gpg, ssh, options: parsed, recent, ...places }, policy);
}

function createEngine(context: DuplicityContext, policy: BackupPolicy): BackupEngine {
  const ledger = openLedger(context.archive);
  return {
    backup: (source, options = {}) => backUp(context, ledger, policy, source, options),
    list: async (options = {}) => setsOf(toCollection((await listRemote(context, options)).keys())).map(toPoint),
    files: (pointId, onFile, options = {}) =>
      listFiles(context, pointId, (file) => onFile(toStoredFile(file)), options),
    restore: (options) => restore(context, ledger, options),
    check: async (options = {}) => void (await check(context, ledger, options)),
    verifyData: (options = {}) => verifyData(context, ledger, options),
    prune: (options = {}) => prune(context, ledger, policy, options),
    // duplicity's lock is one of the kernel on a local file, which ends with the process. There is none at the target.
    unlock: async () => ({ broken: 0, left: [] }),
    async usage(options = {}) {
      const sizes = await listRecent(context, options);
      const files = [...sizes].filter(([name]) => parseFileName(name) !== undefined);
      const bytes = files.reduce((sum, [, size]) => sum + (size ?? 0), 0);
      return { stored: { files: files.length, bytes }, points: setsOf(toCollection(sizes.keys())).length };
    },
    async close() {
      await context.gpg.close();
      await removeSshFiles(context.scratch);
    },
  };
}
