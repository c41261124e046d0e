import { readFields } from "./fields.ts";
import { readVolumeName } from "./names.ts";
import { readDevices } from "./read-disks.ts";
import type { LogicalVolume, StorageSetup, VolumeGroup } from "./setup.ts";
import { readExtents, readVolumeSize } from "./sizes.ts";
import type { Spot } from "./spot.ts";

/** Physical volumes, volume groups and logical volumes. */
export function readLvm(section: Spot | undefined): Pick<StorageSetup, "pv" | "vg" | "lv"> {
  if (!section) return { pv: [], vg: [], lv: [] };
  const fields = readFields(section, ["pv", "vg", "lv"]);
  const named = (spot: Spot) => [...spot.entries("names with their settings")];
  return {
    pv: fields.optional("pv", readDevices, []),
    vg: fields.optional("vg", (spot) => named(spot).flatMap(readGroup), []),
    lv: fields.optional("lv", (spot) => named(spot).flatMap(readVolume), []),
  };
}

function readGroup([key, spot]: [string, Spot]): VolumeGroup[] {
  const name = readVolumeName(spot, key);
  const devices = readFields(spot, ["devices"]).required("devices", readDevices) ?? [];
  return name === undefined ? [] : [{ name, devices }];
}

function readVolume([key, spot]: [string, Spot]): LogicalVolume[] {
  const name = readVolumeName(spot, key);
  const fields = readFields(spot, ["vgname", "size", "extents", "expand", "wipesignatures"]);
  const group = fields.required("vgname", (field) => readVolumeName(field));
  const size = fields.has("extents")
    ? fields.required("extents", readExtents)
    : fields.required("size", readVolumeSize);
  if (fields.has("extents") && fields.has("size")) spot.error("has both size and extents; one of them decides");
  const expand = fields.optional("expand", (field) => field.flag(), false);
  if (expand && fields.has("extents")) fields.at("expand")?.error("needs a size, which extents do not tell");
  const wipeSignatures = fields.optional("wipesignatures", (field) => field.flag(), false);
  if (name === undefined || group === undefined || size === undefined) return [];
  return [{ name, group, size, expand, wipeSignatures }];
}
