import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "@appliance/env";
import { createPlainHost } from "@appliance/host";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { onThisMachine } from "../../test/support/this-machine.ts";
import type { RunContext, Wanted } from "../capability.ts";
import { createRootFiles } from "../root-files.ts";
import { forgetHooks, hooksCapability } from "./hooks.ts";

const STAGE = "prepare-ecs.late";
const SECRET = "a-secret-of-the-application";

let root: string;
let said: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "hooks-"));
  said = "";
  for (const folder of ["app", `data/etc/hooks/${STAGE}`, "run/appliance"])
    mkdirSync(join(root, folder), { recursive: true, mode: 0o755 });
  symlinkSync("/data/etc", join(root, "app/etc"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (message: object) => void (said += `${JSON.stringify(message)}\n`);
const log = { debug: write, info: write, warn: write, error: write };
const run: RunContext = { runId: "run", signal: new AbortController().signal, note: () => {} };

function wanted(more = ""): Wanted {
  const text = `#cloud-config\nappliance: {domain: ecs.example}\necs: {settings: "SECRET_KEY = '${SECRET}'"}\n${more}`;
  const env = parseEnv(Buffer.from(text), { file: "env.yml" }).env!;
  const flat = {
    APPLIANCE_DOMAIN: "ecs.example",
    ECS_SETTINGS: `SECRET_KEY = '${SECRET}'`,
    TOO_LONG: "x".repeat(200_000),
  };
  const machine = { timeZone: "UTC", memoryMb: 1, cores: 1 };
  return {
    env,
    tls: { given: null, authority: null },
    flat,
    source: "",
    text: Buffer.from(text),
    changes: [],
    ...machine,
  };
}

function put(name: string, body: string, mode = 0o755) {
  const path = join(root, "data/etc/hooks", STAGE, name);
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, mode);
}

/** What runs is named as the host names it, and lies below the root here. */
const host = () =>
  createPlainHost({
    root,
    run: (program, args, options) =>
      onThisMachine(
        program,
        args.map((arg) => (arg.startsWith("/data/") ? root + arg : arg)),
        options,
      ),
  });

const capability = () => hooksCapability(STAGE, { host: host(), files: createRootFiles(root), log });

async function apply(on = wanted()): Promise<string[]> {
  const part = capability();
  const steps = await part.plan(on);
  for (const one of steps) await part.apply(one, on, run);
  return steps.map(({ summary }) => summary);
}
const output = () => readFileSync(join(root, "out"), "utf8");

describe.runIf(process.getuid?.() === 0)("hooks", () => {
  it("run in the order of their names, with env.yml as environment, and leave nothing to do", async () => {
    put("20-b.sh", `echo "b $APPLIANCE_DOMAIN $ECS_SETTINGS $TOO_LONG" >> ${root}/out`);
    put("10-a.sh", `echo a >> ${root}/out`);
    expect(await apply()).toEqual([`Run the hook ${STAGE}/10-a.sh`, `Run the hook ${STAGE}/20-b.sh`]);
    expect(output()).toBe(`a\nb ecs.example SECRET_KEY = '${SECRET}' \n`);
    expect(await apply()).toEqual([]);
  });

  it("run again after a new start, a change of env.yml or of themselves", async () => {
    put("a.sh", "true");
    await apply();
    await forgetHooks(createRootFiles(root));
    expect(await apply()).toHaveLength(1);
    expect(await apply(wanted("# changed\n"))).toHaveLength(1);
    put("a.sh", ":");
    expect(await apply(wanted("# changed\n"))).toHaveLength(1);
    expect(await apply(wanted("# changed\n"))).toEqual([]);
  });

  it("say what they do in the log, line by line and without secrets", async () => {
    put("a.sh", 'echo begun; echo "with $ECS_SETTINGS" >&2');
    await apply();
    expect(said).toContain('"line":"begun"');
    expect(said).toContain('"stream":"stderr"');
    expect(said).not.toContain(SECRET);
  });

  it("that fail are named with exit code and last lines, and are where the next run begins", async () => {
    put("1.sh", `echo one >> ${root}/out`);
    put("2.sh", 'echo first; echo "no $ECS_SETTINGS" >&2; exit 3');
    put("3.sh", `echo three >> ${root}/out`);
    const error = await apply().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "HOOK_FAILED",
      message: expect.stringMatching(
        /^The hook \/app\/etc\/hooks\/prepare-ecs\.late\/2\.sh ended with exit code 3: first/,
      ),
    });
    expect(String(error)).not.toContain(SECRET);
    put("2.sh", "true");
    expect(await apply()).toHaveLength(2);
    expect(output()).toBe("one\nthree\n");
  });

  it("that others may write are named all at once, and none runs", async () => {
    put("1.sh", `echo one >> ${root}/out`);
    put("2.sh", "true", 0o777);
    put("3.sh", "true", 0o644);
    await expect(apply()).rejects.toMatchObject({
      code: "HOOK_REFUSED",
      message: expect.stringMatching(/2\.sh \(others than root may write it\).*3\.sh \(it may not be executed\)/),
    });
  });
});
