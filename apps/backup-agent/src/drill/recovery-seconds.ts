import type { Manifest, Report } from "@appliance/backup-content";

/**
 * How long a recovery of this backup takes, by what its drill took: restore, comparison, and load. Where only a sample was restored,
 * what grows with the files is reckoned for all of them.
 */
export function recoverySeconds(
  { milliseconds, files, extent }: Pick<Report, "milliseconds" | "files" | "extent">,
  manifest: Pick<Manifest, "folders"> | undefined,
): number {
  const { restore, files: compared, unpack, load, check } = milliseconds;
  const all = (manifest?.folders ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  const times = extent.files === "sample" && files.bytes > 0 ? Math.max(1, all / files.bytes) : 1;
  return Math.round((restore + compared) * times + unpack + load + check) / 1000;
}
