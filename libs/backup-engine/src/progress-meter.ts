import type { Amount, BackupOptions } from "./engine.ts";

/** Counts what is done, and tells it with the time left by the pace so far. */
export function createProgressMeter({ expected, onProgress }: Pick<BackupOptions, "expected" | "onProgress">) {
  const startedAt = performance.now();
  const done: Amount = { files: 0, bytes: 0 };
  const tell = () =>
    onProgress?.({ done: { ...done }, total: expected, secondsLeft: secondsLeft(done, expected, startedAt) });
  return {
    addFile() {
      done.files += 1;
      tell();
    },
    setBytes(bytes: number) {
      done.bytes = bytes;
      tell();
    },
  };
}

/** By the pace since `startedAt`, of performance.now(). */
export function secondsLeft(done: Amount, expected: Amount | undefined, startedAt: number): number | undefined {
  if (!expected || done.bytes === 0) return undefined;
  const secondsPerByte = (performance.now() - startedAt) / 1000 / done.bytes;
  return Math.max(0, Math.round(secondsPerByte * (expected.bytes - done.bytes)));
}
