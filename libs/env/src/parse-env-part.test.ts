import { describe, expect, it } from "vitest";
import { formatProblem, parseEnvPart } from "./index.ts";

const problemsOf = (text: string, unknownKeys: "error" | "warning" = "error") =>
  parseEnvPart(Buffer.from(text), { file: "part.yml", unknownKeys }).problems.map(formatProblem);

describe("a file with some of the settings", () => {
  it.each([
    "appliance: {standby: true}\n",
    "appliance: {ssl: {key: k.pem}}\n",
    "appliance: {backup: {mount: {options: 'user=a'}}}\n",
    "appliance: {allowed_hosts: other.example}\n",
  ])("need not have what belongs to it: %j", (text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  it("is wrong where a value or a list is wrong by itself", () => {
    expect(problemsOf("appliance:\n  extra:\n    files: [{path: /a/b}, {path: /a/b}, {path: c}]\n")).toEqual([
      expect.stringMatching(/^part\.yml:3:\d+: appliance:extra:files:2:path: 'c' must be an absolute path/),
    ]);
    expect(problemsOf("appliance: {extra: {files: [{path: /a/b}, {path: /a/b}]}}\n")).toEqual([
      expect.stringMatching(/is written by 1\. file/),
    ]);
  });

  it("tells unknown keys as it is asked to", () => {
    expect(problemsOf("own: 1\n")).toEqual(["part.yml:1:1: own: unknown key, it has no effect"]);
    expect(problemsOf("own: 1\n", "warning")).toEqual(["part.yml:1:1: warning: own: unknown key, it has no effect"]);
  });

  it("must be keys and values", () => {
    expect(problemsOf("- a\n")).toHaveLength(1);
    expect(problemsOf("")).toHaveLength(1);
  });
});
