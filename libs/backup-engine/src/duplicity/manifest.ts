/** The volumes of a set as its manifest has them: number (from 1) to SHA-1 of the encrypted file. */
export type VolumeSums = ReadonlyMap<number, string>;

/**
 * Reads the manifest of a set, decrypted. Undefined when it holds no unbroken row of volumes with sums: it was cut off, or is
 * no manifest. The list of changed files in it is not read.
 */
export function parseManifest(text: string): VolumeSums | undefined {
  const sums = new Map<number, string>();
  let volume = 0;
  for (const line of text.split("\n")) {
    volume = Number(/^Volume (\d+):$/i.exec(line)?.[1] ?? volume);
    const sum = /^\s+Hash SHA1 ([0-9a-f]{40})$/i.exec(line)?.[1];
    if (sum !== undefined) sums.set(volume, sum.toLowerCase());
  }
  return sums.size > 0 && volume === sums.size && sums.has(1) ? sums : undefined;
}
