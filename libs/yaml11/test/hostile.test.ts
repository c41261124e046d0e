import { describe, expect, it } from "vitest";
import { parseYaml } from "../src/index.ts";
import { hostileFiles } from "./hostile-files.ts";

describe("a hostile file", () => {
  it.each(hostileFiles)("is refused with its place: $name", ({ source, line, column, message }) => {
    const { problems, data, root } = parseYaml(source, { file: "env.yml", top: "map" });
    expect(problems[0]).toMatchObject({ file: "env.yml", line, column, message: expect.stringContaining(message) });
    expect(data).toBeUndefined();
    expect(root).toBeUndefined();
  });

  it("is among at least sixty, each under its own name", () => {
    expect(new Set(hostileFiles.map(({ name }) => name)).size).toBe(hostileFiles.length);
    expect(hostileFiles.length).toBeGreaterThanOrEqual(60);
  });

  it("gets no more than a hundred problems and the word that there are more", () => {
    const { problems } = parseYaml("@\0".repeat(1000), { file: "env.yml" });
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)?.message).toBe("more than 100 problems, the rest is not shown");
  });
});
