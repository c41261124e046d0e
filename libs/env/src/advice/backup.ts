import type { Adviser } from "./advice.ts";

/** A backup that lies beside the data is lost with it. */
export const adviseOnBackup: Adviser = ({ appliance: { backup } }, { isOnSystemDisk = () => true }) => {
  const folder = /^(?:par2\+)?file:\/\/(\/.*)$/.exec(backup.url)?.[1];
  if (folder === undefined || isBelow(folder, backup.mount?.target)) return [];
  const isBesideTheData = ["/data", "/volatile"].some((own) => isBelow(folder, own));
  if (!isBesideTheData && !isOnSystemDisk(folder)) return [];
  const where = isBesideTheData
    ? "lies on the same disk as the data"
    : "lies on the same disk as the system, unless another one is mounted there";
  return [
    {
      path: ["appliance", "backup", "url"],
      message: `the backup ${where}, and is lost with it`,
      remedy: "Take another machine, such as sftp://user@host/folder, or a network folder with appliance:backup:mount.",
    },
  ];
};

const isBelow = (path: string, folder: string | undefined) =>
  folder !== undefined && `${path}/`.startsWith(`${folder}/`);
