import type { BlockDevice } from "./observed.ts";

const UNITS = ["B", "kB", "MB", "GB", "TB", "PB"];

/** As disks are sold, in powers of 1000: `20 GB`, `1.5 TB`. */
export function describeSize(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log10(Math.max(1, bytes)) / 3)));
  const number = bytes / 1000 ** power;
  return `${number < 10 && power > 0 ? number.toFixed(1).replace(/\.0$/, "") : Math.round(number)} ${UNITS[power]}`;
}

/** What a person would miss on a device: `ext4 'ecs-data'`, `a gpt partition table`. Empty when there is nothing. */
export function describeContent({ signatures }: Pick<BlockDevice, "signatures">): string {
  if (signatures === undefined) return "something that cannot be read";
  const words = signatures.map(({ type, usage, label }) =>
    usage === "partition-table"
      ? `a ${type} partition table`
      : label === undefined
        ? type
        : `${type} '${visible(label)}'`,
  );
  return [...new Set(words)].join(" and ");
}

/** A label is anyone's text. */
const visible = (label: string) => label.replaceAll(/[\p{C}\p{Zl}\p{Zp}']/gu, "?").slice(0, 40);
