import { parseDuplicityOptions } from "@appliance/backup-engine/duplicity-options";
import { backupTargetsOf, sealSecretsOf, type BackupTargetSettings } from "../backup-targets.ts";
import { faultOf, targetFault } from "../checks/backup-target.ts";
import { schemeOf } from "../checks/backup-url.ts";
import type { Env } from "../settings.ts";
import type { Adviser, Facts, Remark } from "./advice.ts";

/** What keeps backups from being made, and what would take them away together with the data. */
export const adviseOnBackup: Adviser = (env, facts) => {
  const targets = backupTargetsOf(env);
  return [
    ...withoutSecret(env),
    ...targets.flatMap((target) => [...refusals(target), ...ineffective(target), ...besideTheData(target, facts)]),
    ...alone(targets),
  ];
};

function withoutSecret(env: Env): Remark[] {
  if (sealSecretsOf(env) !== undefined) return [];
  return [
    {
      severity: "warning",
      path: ["appliance", "backup", "encrypt"],
      message: "is not set, so that nothing is backed up",
      remedy: "Take appliance:backup of a file that `appliance env create` makes.",
    },
  ];
}

/** What an old file may have and the engine refuses each night; the file itself is taken as it ever was. */
function refusals({ url, options, known_hosts, path }: BackupTargetSettings): Remark[] {
  const remarks: Remark[] = [];
  const refuse = (key: string, message: string | undefined, remedy: string) => {
    if (message !== undefined) remarks.push({ severity: "warning", path: [...path, key], message, remedy });
  };
  refuse("url", targetFault(url), "Correct it, or nothing is backed up there: docs/backup.md.");
  refuse(
    "options",
    faultOf(() => parseDuplicityOptions(options ?? "")),
    "Correct it, or nothing is backed up there: docs/backup.md.",
  );
  if (/(?:sftp|scp|\+ssh)$/.test(schemeOf(url)) && known_hosts === undefined)
    refuse(
      "known_hosts",
      "is not set, so that the target's host is refused",
      "A run shows the line: appliance backup run",
    );
  return remarks;
}

function ineffective({ engine, options, path }: BackupTargetSettings): Remark[] {
  if (engine === "duplicity" || options === undefined) return [];
  const message = "is for duplicity alone, and has no effect on restic";
  return [{ path: [...path, "options"], message, remedy: "Take it away, or set engine to duplicity." }];
}

/** A backup that lies beside the data is lost with it. */
function besideTheData({ url, mount, path }: BackupTargetSettings, { isOnSystemDisk = () => true }: Facts): Remark[] {
  const folder = folderOf(url);
  if (folder === undefined || isBelow(folder, mount?.target)) return [];
  const isBesideTheData = ["/data", "/volatile"].some((own) => isBelow(folder, own));
  if (!isBesideTheData && !isOnSystemDisk(folder)) return [];
  const where = isBesideTheData
    ? "lies on the same disk as the data"
    : "lies on the same disk as the system or its data, unless another one is mounted there";
  return [
    {
      path: [...path, "url"],
      message: `the backup ${where}, and is lost with it`,
      remedy: "Take another machine, such as sftp://user@host/folder, or a network folder with appliance:backup:mount.",
    },
  ];
}

/** Who breaks into the host may do there what the host may do. */
function alone([main, ...others]: BackupTargetSettings[]): Remark[] {
  if (!main || others.length > 0 || main.append_only || folderOf(main.url) !== undefined) return [];
  return [
    {
      path: [...main.path, "url"],
      message: "is the only target, and this host may delete there: who breaks in here can delete all backups",
      remedy:
        "Name a second one in appliance:backup:targets, or take an account that cannot delete, and set append_only.",
    },
  ];
}

const folderOf = (url: string): string | undefined => /^(?:par2\+)?file:\/\/(\/.*)$/.exec(url)?.[1];

const isBelow = (path: string, folder: string | undefined) =>
  folder !== undefined && `${path}/`.startsWith(`${folder}/`);
