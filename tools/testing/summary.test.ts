import { expect, it } from "vitest";
import { addUp, lastLine, succeeded } from "./summary.ts";

const good = { passed: 3, failed: [], skipped: [{ name: "mounts cifs", reason: "the kernel has no cifs" }] };
const bad = { passed: 1, failed: ["keeps the mail"], skipped: [] };

it("counts all levels in one line", () => {
  expect(lastLine(addUp([good, bad]))).toBe("4 passed, 1 failed, 1 skipped");
});

it("succeeds only when something ran and nothing failed", () => {
  expect(succeeded(good)).toBe(true);
  expect(succeeded(bad)).toBe(false);
  expect(succeeded({ passed: 0, failed: [], skipped: [] })).toBe(false);
});
