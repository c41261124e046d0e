import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { referencePage } from "./index.ts";

describe("docs/env.md", () => {
  it("is what the table of settings gives; `node tools/docs-env.ts` writes it", () => {
    const page = readFileSync(new URL("../../../docs/env.md", import.meta.url), "utf8");
    expect(page).toBe(referencePage());
  });
});
