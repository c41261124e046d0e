import { expect, it } from "vitest";
import { recoverySeconds } from "./recovery-seconds.ts";

const milliseconds = {
  restore: 10_000,
  files: 2000,
  documents: 500,
  unpack: 100,
  load: 3000,
  check: 400,
  total: 16_000,
};
const files = { indexed: 10, found: 5, bytes: 1000, summed: { files: 5, bytes: 1000 }, newer: 0 };
const whole = { files: "whole", sums: "whole", documents: "sample" } as const;
const manifest = { folders: [{ path: "ecs-storage-vault", files: 10, links: 0, bytes: 5000, summed: 10 }] };

it("takes what a recovery does as it was measured, and reckons a sample for all files", () => {
  expect(recoverySeconds({ milliseconds, files, extent: whole }, manifest)).toBe(15.5);
  const sample = { ...whole, files: "sample" } as const;
  expect(recoverySeconds({ milliseconds, files, extent: sample }, manifest)).toBe(63.5);
  expect(recoverySeconds({ milliseconds, files, extent: whole }, undefined)).toBe(15.5);
});
