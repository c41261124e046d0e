import type { LogicalVolume } from "./setup.ts";
import type { Spot } from "./spot.ts";

const UNITS = ["b", "k", "m", "g", "t", "p", "e"];

/** lvcreate(8): every unit is a power of 1024, whatever its case; a number alone counts MiB. */
export function readVolumeSize(spot: Spot): LogicalVolume["size"] | undefined {
  const text = spot.text("a size such as 10g") ?? "";
  const [, number, unit = "m"] = /^(\d{1,9}(?:\.\d{1,3})?) ?([bkmgtpe])?(?:iB|B)?$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * 1024 ** UNITS.indexOf(unit.toLowerCase()));
  if (Number.isSafeInteger(bytes) && bytes > 0) return { bytes, text: `${number}${unit.toLowerCase()}` };
  spot.error("must be a size such as 10g");
  return undefined;
}

export function readExtents(spot: Spot): LogicalVolume["size"] | undefined {
  const extents = spot.text("a number of extents, or a part such as 100%FREE") ?? "";
  if (/^(?:[1-9]\d{0,8}|(?:[1-9]\d?|100)%(?:FREE|VG|PVS))$/.test(extents)) return { extents };
  spot.error("must be a number of extents, or a part such as 100%FREE");
  return undefined;
}

const PARTED_UNITS = ["%", "s", "B", "kB", "KiB", "MB", "MiB", "GB", "GiB", "TB", "TiB"];

/** A place on a disk, its unit as parted(8) spells it; a number alone counts MB. */
export function readPlaceOnDisk(spot: Spot): string | undefined {
  const text = spot.text("a place on the disk, such as 512MiB or 100%") ?? "";
  const [, number, written = "MB"] = /^(-?\d{1,12}(?:\.\d{1,3})?) ?([A-Za-z%]{1,3})?$/.exec(text) ?? [];
  const unit = PARTED_UNITS.find((known) => known.toLowerCase() === written.toLowerCase());
  if (number !== undefined && unit !== undefined) return `${number}${unit}`;
  spot.error("must be a place on the disk, such as 512MiB or 100%");
  return undefined;
}
