import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPlainHost, type Host } from "./index.ts";

const isRoot = process.getuid?.() === 0;
const STAGE = "prepare-ecs.early";

let root: string;
let host: Host;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hooks-"));
  mkdirSync(join(root, "data/etc/hooks", STAGE), { recursive: true, mode: 0o755 });
  mkdirSync(join(root, "app"));
  symlinkSync("/data/etc", join(root, "app/etc"));
  host = createPlainHost({ run: runCommand, root });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (name: string, mode: number) => {
  const path = join(root, "data/etc/hooks", STAGE, name);
  writeFileSync(path, "#!/bin/sh\n");
  chmodSync(path, mode);
};
const run = (hook: string) => host.program.run({ hook }, { timeoutMs: 5_000 });

describe.runIf(isRoot)("hooks", () => {
  it("are the shell scripts of their stage, in the order of their bytes", async () => {
    for (const name of ["b.sh", "a.sh", "10.sh", "9.sh", "B.sh", "README", "x.sh.bak"]) put(name, 0o755);
    const found = await host.hooks.list(STAGE);
    expect(found.map(({ name }) => name)).toEqual(
      ["10.sh", "9.sh", "B.sh", "a.sh", "b.sh"].map((name) => `${STAGE}/${name}`),
    );
    expect(found.every(({ refused, sha256 }) => refused === undefined && sha256.length === 64)).toBe(true);
  });

  it("are none where there is no folder", async () => {
    expect(await host.hooks.list("prepare-ecs.late")).toEqual([]);
    expect(await host.hooks.list("../../etc")).toEqual([]);
  });

  it("are refused, each with its reason, when others may write them, they may not be executed or are no files", async () => {
    put("group.sh", 0o775);
    put("plain.sh", 0o644);
    put("with blank.sh", 0o755);
    symlinkSync("/etc/passwd", join(root, "data/etc/hooks", STAGE, "link.sh"));
    const reasons = (await host.hooks.list(STAGE)).map(({ name, refused }) => [name.slice(STAGE.length + 1), refused]);
    expect(reasons).toEqual([
      ["group.sh", "others than root may write it"],
      ["link.sh", "it is not a regular file"],
      ["plain.sh", "it may not be executed"],
      ["with blank.sh", "its name is not one of a hook"],
    ]);
    for (const name of [
      `${STAGE}/group.sh`,
      `${STAGE}/link.sh`,
      `${STAGE}/missing.sh`,
      `${STAGE}/../../x`,
      "a/b/c",
      "-x",
      "",
    ])
      await expect(run(name)).rejects.toMatchObject({ code: "HOOK_REFUSED" });
  });

  it.each(["data", "data/etc", "data/etc/hooks", `data/etc/hooks/${STAGE}`])(
    "are refused when others may write %s",
    async (folder) => {
      put("start.sh", 0o755);
      chmodSync(join(root, folder), 0o777);
      await expect(run(`${STAGE}/start.sh`)).rejects.toMatchObject({
        code: "HOOK_REFUSED",
        message: expect.stringContaining(`others than root may write /${folder}`),
      });
    },
  );

  it("are refused when another owns them", async () => {
    put("start.sh", 0o755);
    chownSync(join(root, "data/etc/hooks", STAGE, "start.sh"), 1000, 1000);
    await expect(run(`${STAGE}/start.sh`)).rejects.toMatchObject({ code: "HOOK_REFUSED" });
  });
});
