import { describe, expect, it } from "vitest";
import { FUNCTION_NAMES, parseStates } from "./index.ts";

const statesOf = (text: string) => {
  const { states, problems } = parseStates(text);
  expect(problems).toEqual([]);
  return states;
};
const problemsOf = (text: string) => parseStates(text).problems;

describe("Salt's notation", () => {
  it("is read as the manual writes it (4.6)", () => {
    const text = `sftp_server_hostkey_into_known_hosts:
  file.append:
    - name: /root/.ssh/known_hosts
    - makedirs: true
    - text: |
        [1.2.3.4]:12345 ssh-rsa XXXHOSTKEYXXX
`;
    expect(statesOf(text)).toEqual([
      {
        id: "sftp_server_hostkey_into_known_hosts",
        line: 2,
        column: 3,
        watches: [],
        function: "file.append",
        path: "/root/.ssh/known_hosts",
        lines: ["[1.2.3.4]:12345 ssh-rsa XXXHOSTKEYXXX"],
        makedirs: true,
      },
    ]);
  });

  it.each([
    ["a function without arguments", "curl:\n  pkg.installed"],
    ["a function with nothing behind it", "curl:\n  pkg.installed:"],
    ["an empty list", "curl:\n  pkg.installed: []"],
    ["the older way", "curl:\n  pkg:\n    - installed"],
    ["the older way with arguments", "x:\n  pkg:\n    - installed\n    - name: curl"],
    ["a list of packages", "x:\n  pkg.installed:\n    - pkgs: [curl]"],
    ["names", "x:\n  pkg.installed:\n    - names: [curl]"],
  ])("takes %s", (_what, text) => {
    expect(statesOf(text)).toMatchObject([{ function: "pkg.installed", packages: ["curl"] }]);
  });

  it("has every function that the appliance promises, with its arguments", () => {
    const text = `
a: { file.append: [{ name: /a }, { text: [one, two] }] }
b: { file.managed: [{ name: /b }, { contents: x }, { user: root }, { group: "0" }, { mode: 0640 }] }
c: { file.absent: [{ name: /c }] }
d: { file.directory: [{ name: /d }, { dir_mode: "2750" }] }
e: { file.symlink: [{ name: /e }, { target: d }] }
f: { pkg.installed: [{ pkgs: [curl, jq] }] }
g: { cmd.run: [{ name: "true" }, { onlyif: test -e /a }, { unless: [a, b] }, { env: [{ A: "1" }] }, { timeout: 5 }] }
h: { service.running: [{ name: ssh }, { enable: true }] }
i: { sysctl.present: [{ name: vm.swappiness }, { value: 10 }] }
`;
    const states = statesOf(text);
    expect(states.map((state) => state.function).sort()).toEqual([...FUNCTION_NAMES].sort());
    expect(states).toMatchObject([
      { path: "/a", lines: ["one", "two"] },
      { path: "/b", contents: "x\n", user: "root", group: "0", mode: 0o640 },
      { path: "/c" },
      { path: "/d", mode: 0o2750 },
      { path: "/e", target: "d" },
      { packages: ["curl", "jq"] },
      { command: "true", onlyif: ["test -e /a"], unless: ["a", "b"], env: { A: "1" }, timeoutSeconds: 5 },
      { unit: "ssh.service", enable: true },
      { key: "vm.swappiness", value: "10" },
    ]);
  });

  it("means one state for each of its names", () => {
    const states = statesOf("x:\n  file.absent:\n    - names: [/a, /b]");
    expect(states).toMatchObject([{ path: "/a" }, { path: "/b" }]);
  });

  it.each(["", "# nothing\n", "{}"])("may be empty: %j", (text) => {
    expect(statesOf(text)).toEqual([]);
  });
});

describe("order", () => {
  const state = (id: string, more = "") => `${id}:\n  cmd.run:\n    - name: run ${id}\n${more}`;
  const ids = (text: string) => statesOf(text).map(({ id }) => id);

  it("is that of the text where nothing else is said", () => {
    expect(ids(state("b") + state("a"))).toEqual(["b", "a"]);
  });

  it("puts a state behind what it requires, by id or by name", () => {
    expect(ids(state("b", "    - require: [{ cmd: a }]\n") + state("a"))).toEqual(["a", "b"]);
    expect(ids(state("b", "    - require: [{ cmd: run a }]\n") + state("a"))).toEqual(["a", "b"]);
    expect(ids(state("b", "    - require: [a]\n") + state("a"))).toEqual(["a", "b"]);
    expect(ids(state("b") + state("a", "    - require_in: [{ cmd: b }]\n"))).toEqual(["a", "b"]);
  });

  it("lets a service know whose change restarts it", () => {
    const text =
      "s:\n  service.running:\n    - name: x\n    - watch: [{ file: /c }]\nf:\n  file.managed:\n    - name: /c\n";
    expect(statesOf(text)).toMatchObject([
      { id: "f", watches: [] },
      { id: "s", watches: [0] },
    ]);
  });

  it("refuses a circle, and what is nowhere, at its place", () => {
    expect(problemsOf(state("a", "    - require: [b]\n") + state("b", "    - require: [a]\n"))).toMatchObject([
      { line: 2, column: 3, message: expect.stringContaining("circle") },
    ]);
    expect(problemsOf(state("a", "    - require:\n      - file: /x\n"))).toMatchObject([{ line: 5, column: 9 }]);
  });
});

describe("what is not carried out", () => {
  it.each([
    ["a function of Salt", "x:\n  user.present:\n    - name: a", 2, 3, "'user.present'"],
    ["a function that no Salt has", "x:\n  pkg.instaled: []", 2, 3, "'pkg.instaled'"],
    ["an include", "include:\n  - common", 1, 1, "'include'"],
    ["an argument", "x:\n  file.managed:\n    - name: /x\n    - source: salt://x", 4, 7, "'source'"],
    ["a requisite", "x:\n  cmd.run:\n    - onchanges: [y]", 3, 7, "'onchanges'"],
    ["a version", "curl:\n  pkg.installed:\n    - pkgs: [{ curl: 8 }]", 3, 13, "list of texts"],
    ["a template", "{% if x %}\nx: {}", 1, 1, "Jinja"],
    ["a template inside", "x:\n  cmd.run:\n    - name: echo {{ grains.id }}", 3, 18, "Jinja"],
  ])("is refused by name with its place: %s", (_what, text, line, column, words) => {
    expect(problemsOf(text)).toMatchObject([{ line, column, message: expect.stringContaining(words) }]);
  });

  it("says what was probably meant and what there is", () => {
    expect(problemsOf("x:\n  pkg.instaled: []")[0]).toMatchObject({
      suggestion: "pkg.installed",
      remedy: expect.stringContaining("sysctl.present"),
    });
  });
});

describe("bad input", () => {
  it.each([
    "[]",
    "text",
    "x:",
    "x: []",
    "x: 1",
    "x:\n  file.absent: text",
    "x:\n  file.absent:\n    - text",
    "x:\n  file.absent:\n    - name: [a]",
    "x:\n  file.absent:\n    - name: relative",
    "x:\n  file.absent:\n    - name: /a/../b",
    "x:\n  file.absent:\n    - name: /a/",
    "x:\n  file.managed:\n    - name: /a\n    - mode: u+s",
    "x:\n  file.managed:\n    - name: /a\n    - user: ';id'",
    "x:\n  file.append:\n    - name: /a",
    "x:\n  file.symlink:\n    - name: /a",
    "x:\n  pkg.installed:\n    - name: --option",
    "x:\n  pkg.installed:\n    - name: curl-",
    "x:\n  service.running:\n    - name: -H.service",
    "x:\n  service.running:\n    - name: ../x",
    "x:\n  service.running:\n    - name: a\n    - enable: maybe",
    "x:\n  sysctl.present:\n    - name: ../../etc/passwd\n    - value: 1",
    "x:\n  sysctl.present:\n    - name: a.b",
    "x:\n  cmd.run:\n    - name: a\n    - timeout: soon",
    "x:\n  cmd.run:\n    - name: a\n    - env: [{ A-B: 1 }]",
    "x:\n  cmd.run:\n    - name: a\n    - name: b",
    "x:\n  cmd.run:\n    - require: x",
    "x: &a\n  cmd.run: *a",
    "x: [",
  ])("is reported with its place and never thrown: %j", (text) => {
    const { states, problems } = parseStates(text);
    expect(states).toEqual([]);
    expect(problems.length).toBeGreaterThan(0);
    for (const { line, column } of problems) expect([line, column].every((n) => n >= 1)).toBe(true);
  });

  it("quotes no value, since the text may hold secrets", () => {
    const text =
      "hunter22:\n  file.managed:\n    - name: hunter22\n    - mode: hunter22\n    - user: hunter22/\n    - makedirs: hunter22";
    expect(JSON.stringify(problemsOf(text))).not.toContain("hunter22");
  });
});
