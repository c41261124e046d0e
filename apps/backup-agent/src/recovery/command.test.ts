import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseRequest, recoverCommand, type RecoverCommand } from "./command.ts";

describe("parseRequest", () => {
  it("takes a target, a time and a run, and none of them", () => {
    expect(parseRequest(["--target", "main", "--at=2026-11-20T12:00:00Z", "--run", "r1", "--replace"])).toEqual({
      target: "main",
      at: "2026-11-20T12:00:00Z",
      runId: "r1",
      replace: true,
    });
    expect(parseRequest([])).toMatchObject({ target: null, at: null, replace: false });
  });

  it("refuses what it does not take, with the value that is wrong", () => {
    for (const args of [["--at", "yesterday"], ["--target", "../x"], ["--force"], ["main"]])
      expect(() => parseRequest(args)).toThrow(expect.objectContaining({ code: "RECOVERY_OPTION_INVALID" }));
  });
});

describe("recoverCommand", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "recover-command-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** A recovery whose first look at its settings fails, after `stop` when it is given. */
  async function run(stop?: AbortController) {
    const lines: string[] = [];
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const slice = () => {
      stop?.abort();
      return Promise.reject(new Error("no settings"));
    };
    const deps = { dataDir: folder, volatileDir: join(folder, "volatile"), slice, log };
    const signal = (stop ?? new AbortController()).signal;
    const command = { args: [], deps, write: (line: string) => void lines.push(line), secrets: () => [], signal };
    const exitCode = await recoverCommand(command as unknown as RecoverCommand);
    return { exitCode, verdicts: lines.filter((line) => !line.startsWith('{"progress"')) };
  }

  it("says what it failed with", async () => {
    const { exitCode, verdicts } = await run();
    expect(exitCode).toBe(1);
    expect(verdicts).toEqual([expect.stringMatching(/^{"failure":{"code":"INTERNAL"/)]);
  });

  it("says nothing of its end when it was told to end, so that it is started again", async () => {
    expect(await run(new AbortController())).toEqual({ exitCode: 143, verdicts: [] });
  });
});
