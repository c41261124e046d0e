import type { Place } from "../place.ts";
import { quote } from "../problem.ts";
import { checkBackupTarget, type BackupEngineName } from "./backup-target.ts";

interface Target {
  name: string;
  engine: BackupEngineName | undefined;
  url: string;
  mount: { target: string } | undefined;
}

interface Backup {
  engine: BackupEngineName;
  url: string;
  mount: { target: string } | undefined;
  targets: Target[];
  password: string | undefined;
  encrypt: string | undefined;
}

const MOUNT = "appliance:backup:mount";

/** What concerns several keys of `appliance:backup` at once. */
export function checkBackup(backup: Backup, place: Place): void {
  checkBackupTarget(backup, MOUNT, place);
  for (const [index, target] of backup.targets.entries()) {
    const at = place.at("targets").at(index);
    checkBackupTarget({ ...target, engine: target.engine ?? backup.engine }, "mount", at);
    checkDiffers(target, backup, index, at);
  }
  checkSecrets(backup, place);
}

/** What is kept of a target is found by its name, and what is mounted for it by its folder. */
function checkDiffers({ name, mount }: Target, { targets, mount: main }: Backup, index: number, place: Place): void {
  const before = targets.slice(0, index);
  if (before.some((other) => other.name === name))
    place.at("name").error(`${quote(name)} is the name of a target above`);
  const taken = [main, ...before.map((other) => other.mount)].some((other) => mount && other?.target === mount.target);
  if (taken)
    place
      .at("mount")
      .at("target")
      .error(`${quote(mount?.target ?? "")} is where a target above is mounted`);
}

/**
 * Without its secret an engine cannot begin. A file that names no engine and no further target is of the old shape, and is taken as it
 * ever was: `adviseOnBackup` says what it lacks.
 */
function checkSecrets(backup: Backup, place: Place): void {
  const { engine, targets, password, encrypt } = backup;
  const engines = [engine, ...targets.map((target) => target.engine ?? engine)];
  if (password === undefined && engines.includes("restic"))
    place.at("password").error("is missing: restic encrypts with it", {
      remedy: "Set it to what this prints: openssl rand -base64 39",
    });
  const isOldShape = place.at("engine").isUnset && targets.length === 0;
  if (encrypt === undefined && engines.includes("duplicity") && !isOldShape)
    place.at("encrypt").error("is missing: duplicity encrypts with it", {
      remedy: "Set it to the key of a file that `appliance env create` makes, or take the engine restic.",
    });
}
