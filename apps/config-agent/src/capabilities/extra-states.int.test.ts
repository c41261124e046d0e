/** States on a root folder, commands by the real shell of this machine. Units, packages and the kernel are tried in the lab. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "@appliance/env";
import { createPlainHost, createRootFolderHost } from "@appliance/host";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { onThisMachine } from "../../test/support/this-machine.ts";
import type { RunContext, Wanted } from "../capability.ts";
import { createRootFiles } from "../root-files.ts";
import { extraStatesCapability } from "./extra-states.ts";

let root: string;
let notes: string[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "states-"));
  notes = [];
  for (const folder of ["etc", "run", "var/lib/appliance", "srv"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0:root:/root:/bin/sh\nada:x:1815:1815::/home/ada:/bin/sh\n");
  writeFileSync(join(root, "etc/group"), "root:x:0:\nada:x:1815:\n");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const silent = () => {};
const log = { debug: silent, info: silent, warn: silent, error: silent };
const host = () => createPlainHost({ run: onThisMachine, root });
const capability = (on = host()) => extraStatesCapability({ host: on, files: createRootFiles(root), log });

function wantedOf(states: string): Wanted {
  const indented = states.replaceAll(/^(?=.)/gm, "      ").replaceAll("ROOT", root);
  const text = `#cloud-config\nappliance:\n  domain: ecs.example\n  extra:\n    states: |\n${indented}`;
  const { env, problems } = parseEnv(Buffer.from(text), { file: "env.yml" });
  expect(problems).toEqual([]);
  return {
    env: env!,
    source: "",
    text: Buffer.from(text),
    flat: {},
    changes: [],
    tls: { given: null, authority: null },
    timeZone: "UTC",
    memoryMb: 1,
    cores: 1,
  };
}

const run: RunContext = { runId: "run", signal: new AbortController().signal, note: (detail) => notes.push(detail) };

async function apply(states: string): Promise<string[]> {
  const [wanted, part] = [wantedOf(states), capability()];
  const steps = await part.plan(wanted);
  for (const one of steps) await part.apply(one, wanted, run);
  return steps.map(({ summary }) => summary);
}
const textOf = (path: string) => readFileSync(join(root, path), "utf8");

describe.runIf(process.getuid?.() === 0)("states", () => {
  it("keep every byte of a file that is not theirs, whatever its encoding", async () => {
    const latin1 = Buffer.from("# für ada\n", "latin1");
    for (const name of ["appended", "managed"]) writeFileSync(join(root, "etc", name), latin1);
    const states = `
/etc/appended: {file.append: [text: one]}
/etc/managed: {file.managed: [mode: "0600"]}
`;
    expect(await apply(states)).toEqual(["Append a line to /etc/appended", "Write /etc/managed anew"]);
    expect(readFileSync(join(root, "etc/appended"))).toEqual(Buffer.concat([latin1, Buffer.from("one\n")]));
    expect(readFileSync(join(root, "etc/managed"))).toEqual(latin1);
    expect(await apply(states)).toEqual([]);
  });

  const files = `
hosts:
  file.append:
    - name: /etc/hosts
    - text: [192.0.2.1 one, 192.0.2.2 two]
/etc/clinic/app.conf:
  file.managed:
    - contents: "a = $(touch ROOT/canary) {x}"
    - user: ada
    - mode: "0640"
    - makedirs: true
/srv/new: { file.directory: [{ mode: 750 }, { group: ada }] }
/srv/link: { file.symlink: [{ target: new }] }
/srv/old: { file.absent: [] }
`;

  it("are carried out once, and leave nothing to do", async () => {
    writeFileSync(join(root, "etc/hosts"), "192.0.2.1 one");
    writeFileSync(join(root, "srv/old"), "x");
    expect(await apply(files)).toEqual([
      "Append a line to /etc/hosts",
      "Write /etc/clinic/app.conf",
      "Make the folder /srv/new",
      "Let /srv/link point to new",
      "Remove /srv/old",
    ]);
    expect(textOf("etc/hosts")).toBe("192.0.2.1 one\n192.0.2.2 two\n");
    expect(textOf("etc/clinic/app.conf")).toBe(`a = $(touch ${root}/canary) {x}\n`);
    expect(statSync(join(root, "etc/clinic/app.conf"))).toMatchObject({ uid: 1815, gid: 0, mode: 0o100640 });
    expect(statSync(join(root, "srv/new"))).toMatchObject({ uid: 0, gid: 1815, mode: 0o40750 });
    expect([existsSync(join(root, "srv/old")), existsSync(join(root, "canary"))]).toEqual([false, false]);
    expect(await apply(files)).toEqual([]);
  });

  it("keep owner and mode of a file where nothing is said of them", async () => {
    writeFileSync(join(root, "etc/hosts"), "", { mode: 0o600 });
    await apply("x: { file.append: [{ name: /etc/hosts }, { text: a }] }\n");
    expect(statSync(join(root, "etc/hosts")).mode & 0o777).toBe(0o600);
  });

  it("make no folder that was perhaps mistyped", async () => {
    await expect(apply("x: { file.managed: [{ name: /ect/x }] }\n")).rejects.toMatchObject({ code: "STATE_FAILED" });
    expect(existsSync(join(root, "ect"))).toBe(false);
  });

  it("follow no symlink, which only this host knows of", async () => {
    symlinkSync("/srv", join(root, "etc/link"));
    const state = "x: { file.managed: [{ name: /etc/link/x }] }\n";
    await expect(apply(state)).rejects.toMatchObject({ code: "PATH_REFUSED" });
  });

  const command = (name: string, more = "") => `c:\n  cmd.run:\n    - name: ${name}\n${more}`;

  it("run a command without a condition once, and again when it is written otherwise", async () => {
    expect(await apply(command("echo one >> ROOT/said"))).toEqual(["Run the command of the state c"]);
    expect(await apply(command("echo one >> ROOT/said"))).toEqual([]);
    await apply(command("echo two >> ROOT/said"));
    expect(textOf("said")).toBe("one\ntwo\n");
  });

  it("ask onlyif, unless and creates", async () => {
    expect(await apply(command("touch ROOT/a", "    - onlyif: [test -e ROOT/b, 'false']\n"))).toEqual([]);
    expect(await apply(command("touch ROOT/a", "    - unless: test -d ROOT/etc\n"))).toEqual([]);
    expect(await apply(command("touch ROOT/a", "    - creates: /etc/passwd\n"))).toEqual([]);
    expect(existsSync(join(root, "a"))).toBe(false);
    const made = command("touch ROOT/a", "    - unless: test -e ROOT/a\n    - cwd: /tmp\n    - env: [{ A: b }]\n");
    expect(await apply(made)).toHaveLength(1);
    expect(await apply(made)).toEqual([]);
  });

  it("look again when their turn comes: what an earlier one brings counts", async () => {
    const states = `
user:
  cmd.run:
    - name: echo "eve:x:7:7::/:/bin/sh" >> ROOT/etc/passwd
    - unless: grep -q eve ROOT/etc/passwd
/srv/hers:
  file.managed: [{ user: eve }, { contents: x }]
after:
  cmd.run: [{ name: touch ROOT/after }, { onlyif: test -e ROOT/srv/hers }]
`;
    expect(await apply(states)).toEqual([
      "Run the command of the state user",
      "Carry out file.managed of line 7, once the states before are in place",
    ]);
    expect([statSync(join(root, "srv/hers")).uid, existsSync(join(root, "after"))]).toEqual([7, true]);
  });

  it("name the one that fails, with its exit code, and go no further", async () => {
    const states = `${command("echo lost >&2; exit 3")}x: { file.managed: [{ name: /etc/later }] }\n`;
    await expect(apply(states)).rejects.toMatchObject({
      code: "STATE_FAILED",
      message: "the command of the state c ended with exit code 3: lost",
    });
    expect(existsSync(join(root, "etc/later"))).toBe(false);
  });

  it("show no command and no content in a plan", async () => {
    const states = `"curl -u me:hunter22 x": { cmd.run: [{ env: [{ P: hunter22 }] }] }\nf: { file.managed: [{ name: /etc/f }, { contents: hunter22 }] }\n`;
    const steps = await capability().plan(wantedOf(states));
    expect(steps).toHaveLength(2);
    expect(JSON.stringify(steps)).not.toContain("hunter22");
  });

  it("read no further input than their own text", async () => {
    await apply("c:\n  cmd.run:\n    - name: |\n        cat > ROOT/read\n        echo second >> ROOT/read\n");
    expect(textOf("read")).toBe("second\n");
  });

  it("are planned and not carried out where the host gives no power", async () => {
    const states =
      "curl: { pkg.installed: [] }\nssh: { service.running: [] }\nvm.swappiness: { sysctl.present: [{ value: 1 }] }\nid: { cmd.run: [] }\n";
    const steps = await capability(createRootFolderHost({ root })).plan(wantedOf(states));
    expect(steps.map(({ summary, unavailable }) => [summary, unavailable !== undefined])).toEqual([
      ["Install curl", true],
      ["Start ssh.service", true],
      ["Set vm.swappiness to 1", true],
      ["Run the command of line 4 of appliance:extra:states", true],
    ]);
  });
});
