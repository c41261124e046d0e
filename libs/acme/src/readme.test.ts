import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

const read = (path: string) => readFileSync(new URL(path, import.meta.url), "utf8");

it("shows the example that is compiled and run", () => {
  const shown = /```ts\n([^]*?)```/.exec(read("../README.md"))?.[1] ?? "nothing";
  expect(read("testing/example.ts")).toContain(shown);
});

it("explains every code", () => {
  const sources = [
    "account",
    "acme-error",
    "authorize",
    "certificate-chain",
    "certificate-id",
    "exchange",
    "jose",
    "order",
    "refusal",
  ];
  const codes = sources.flatMap((name) => read(`${name}.ts`).match(/ACME_[A-Z_]+/g) ?? []);
  expect(codes.length).toBeGreaterThan(20);
  expect([...new Set(codes)].filter((code) => !read("../README.md").includes(`\`${code}\``))).toEqual([]);
});
