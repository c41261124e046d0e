import { OperatorError } from "@appliance/errors";
import type { BlockDevice } from "@appliance/storage-setup";
import { PATHS } from "../paths.ts";

/** A file system of its own that the manual knows, 2.3. */
export interface Volume {
  key: "data" | "volatile";
  label: string;
  target: string;
}

export const VOLUMES: readonly Volume[] = [
  { key: "data", label: "ecs-data", target: PATHS.data },
  { key: "volatile", label: "ecs-volatile", target: PATHS.volatile },
];

export interface FoundVolume extends Volume {
  device: BlockDevice;
  mounted: boolean;
}

/** What is mounted on a folder, whether it is a block device or not. */
export interface MountedOn {
  source: string;
  target: string;
}

/**
 * The volume as it is on this host. It is taken with all that it carries: recovery of an older appliance starts that way.
 * @throws OperatorError `STORAGE_ABSENT`, `STORAGE_AMBIGUOUS` for two file systems with the label, `STORAGE_OTHER` when something
 * else is mounted in its place
 */
export function findVolume(volume: Volume, devices: readonly BlockDevice[], mounts: readonly MountedOn[]): FoundVolume {
  const { label, target } = volume;
  const labelled = devices.filter((device) => carriesLabel(device, label, devices));
  const [device] = labelled;
  const other = mounts.findLast((mount) => mount.target === target);
  if (!device) throw absent(volume, other);
  if (new Set(labelled.map(identityOf)).size > 1) throw ambiguous(volume, labelled);
  const mounted = labelled.some(({ mountPoints }) => mountPoints.includes(target));
  if (other && !mounted) throw isOther(volume, device, other);
  return { ...volume, device, mounted };
}

/** A file system, and not a member of an array or an encrypted disk that shows the label of what lies in it. */
function carriesLabel({ path, signatures = [] }: BlockDevice, label: string, devices: readonly BlockDevice[]): boolean {
  const isMember = signatures.some(({ usage }) => usage === "raid" || usage === "crypto");
  const isBelow = devices.some(({ type, parents }) => type !== "part" && parents.includes(path));
  return !isMember && !isBelow && signatures.some((found) => found.usage === "filesystem" && found.label === label);
}

/** The same for a file system that lies on several devices (btrfs), else of each device its own. */
function identityOf({ path, signatures = [] }: BlockDevice): string {
  const [found] = signatures;
  return found?.type === "btrfs" && found.uuid !== undefined ? found.uuid : path;
}

/** Which file system this is, whatever its device is called: what the marker on it and the expectation of it compare. */
export function fileSystemId({ device }: FoundVolume): string {
  return device.signatures?.find(({ usage }) => usage === "filesystem")?.uuid ?? device.path;
}

function absent({ key, label, target }: Volume, other: MountedOn | undefined): OperatorError {
  const instead = other ? ` Mounted on ${target} is ${other.source}, which does not carry the label.` : "";
  return new OperatorError(
    "STORAGE_ABSENT",
    `env.yml asks for a volume of its own labelled ${label}, and no disk of this host carries that label.${instead}`,
    {
      remedy: `Attach it (\`lsblk -o NAME,LABEL,SIZE\` shows what is there) and run \`appliance start\`; or set appliance:storage:ignore:${key} to true to keep ${target} on the root file system, which begins empty.`,
    },
  );
}

function ambiguous({ label }: Volume, devices: readonly BlockDevice[]): OperatorError {
  const list = devices.map(({ path }) => path).join(" and ");
  return new OperatorError("STORAGE_AMBIGUOUS", `More than one file system carries the label ${label}: ${list}.`, {
    remedy: "Detach the copy or give it another label (e2label, xfs_admin -L), then run `appliance start`.",
  });
}

function isOther({ label, target }: Volume, { path }: BlockDevice, { source }: MountedOn): OperatorError {
  return new OperatorError(
    "STORAGE_OTHER",
    `${source} is mounted on ${target} instead of ${path}, labelled ${label}.`,
    {
      remedy: `Stop the appliance (\`appliance stop\`), unmount ${target}, remove its line from /etc/fstab if it has one, then run \`appliance start\`.`,
    },
  );
}
