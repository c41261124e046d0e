import { assert, property, subarray } from "fast-check";
import { describe, expect, it } from "vitest";
import { formatProblem } from "./index.ts";
import { exampleEnv, exampleNames, namesInForce, secretKeyBlock } from "./testing/example.ts";
import { appliance, parse, problemsOf } from "./testing/parse.ts";

describe("an old file", () => {
  it("loads without a problem as the manual has it", () => {
    expect(problemsOf(exampleEnv())).toEqual([]);
  });

  it("gives the manual's values", () => {
    const { env } = parse(exampleEnv());
    expect(env?.appliance.allowed_hosts).toEqual(["ecs.example"]);
    expect(env?.appliance.storage.ignore).toEqual({ volatile: true, data: true });
    expect(env?.appliance.backup.encrypt).toBe(secretKeyBlock);
    expect(env?.ecs.settings).toContain("SECRET_KEY = 'a secret of the application'\n");
  });

  const warnings: Record<string, string> = {
    mount:
      "appliance:backup:url: does not lead below appliance:backup:mount:target, as in file:///mnt/appliance-backup-mount/folder",
  };
  const addable = exampleNames.filter((name) => !namesInForce.includes(name) && name !== "mountedUrl");

  it.each(addable)("loads with %s out of its comment", (name) => {
    const { env, problems } = parse(exampleEnv([...namesInForce, name]));
    expect(env).toBeDefined();
    expect(problems.map(({ path, message }) => `${path}: ${message}`)).toEqual([warnings[name] ?? []].flat());
  });

  it("loads with any choice of settings", () => {
    const names = subarray(exampleNames.filter((name) => name !== "mountedUrl"));
    const loads = property(names, (chosen) => {
      expect(parse(exampleEnv(chosen)).env).toBeDefined();
    });
    assert(loads, { numRuns: 100 });
  });

  it("mounts the target of the backup without a warning where the URL leads there", () => {
    expect(problemsOf(exampleEnv(["mount", "mountedUrl"]))).toEqual([]);
  });

  it("loads with Windows line ends", () => {
    expect(
      problemsOf(
        exampleEnv(exampleNames.filter((name) => !/states|setup|proxy|Url|^url/.test(name))).replaceAll("\n", "\r\n"),
      ),
    ).toEqual([expect.stringMatching(/does not lead below/)]);
  });
});

describe("what a file does not set", () => {
  const { env } = parse("#cloud-config\nappliance: {domain: ecs.example}\n");

  it("has the defaults of the manual", () => {
    expect(env).toMatchObject({
      ssh_authorized_keys: [],
      appliance: {
        standby: false,
        allowed_hosts: ["ecs.example"],
        ssl: { letsencrypt: { enabled: true }, client_certs_mandatory: false },
        metric: { exporter: false, server: false, gui: false, pghero: false },
        extra: { files: [], packages: [] },
        update: { automatic: true, oncalendar: "*-*-* 06:30:00" },
        storage: { ignore: { volatile: false, data: false } },
        database: { locale: "de_DE.UTF-8" },
      },
      ecs: { userswitcher: { enabled: false } },
    });
  });

  it("is undefined without a default", () => {
    expect(env?.appliance.backup.mount).toBeUndefined();
    expect(env?.ecs.git.source).toBeUndefined();
  });
});

describe("YAML 1.1 of the old system", () => {
  it.each(["yes", "Yes", "on", "true"])("%s is a yes", (word) => {
    expect(parse(appliance(`standby: ${word}`)).env?.appliance.standby).toBe(true);
  });

  it("takes a quoted False as no, and says so", () => {
    const { env, problems } = parse(appliance("update: {automatic: 'False'}"));
    expect(env?.appliance.update.automatic).toBe(false);
    expect(problems.map(formatProblem)).toEqual([
      "env.yml:4:23: warning: appliance:update:automatic: is text; it is read as no, write it without quotes",
    ]);
  });

  it.each(["1.10", "0123", "1e3", "0x1f", "2024-01-02", "123456789012345678901234567890"])(
    "a branch %s keeps its characters",
    (branch) => {
      expect(parse(appliance(`git: {branch: ${branch}}`)).env?.appliance.git.branch).toBe(branch);
    },
  );

  it("an owner 1000:50, which is a number of base 60, keeps its characters", () => {
    const { env } = parse(appliance("extra: {files: [{path: /a, contents: x, owner: 1000:50}]}"));
    expect(env?.appliance.extra.files[0]?.owner).toBe("1000:50");
  });

  it.each([
    ["0600", 0o600],
    ["'0600'", 0o600],
    ["600", 0o600],
    ["0o640", 0o640],
    ["0755", 0o755],
  ])("the mode %s is %i", (written, mode) => {
    const { env } = parse(appliance("extra:", `  files: [{path: /a, contents: x, permissions: ${written}}]`));
    expect(env?.appliance.extra.files[0]?.permissions).toBe(mode);
  });

  it("finds positions and values behind a merge key", () => {
    const { env } = parse(appliance("x: &x {automatic: no}", "update: {<<: *x}"));
    expect(env?.appliance.update.automatic).toBe(false);
  });
});

describe("a list of hosts", () => {
  it.each(["ecs.example www.ecs.example", "ecs.example, www.ecs.example", "[ecs.example, www.ecs.example]"])(
    "is read from: %s",
    (hosts) => {
      expect(parse(appliance(`allowed_hosts: ${hosts}`)).env?.appliance.allowed_hosts).toEqual([
        "ecs.example",
        "www.ecs.example",
      ]);
    },
  );

  it("is warned about when it leaves out the domain", () => {
    expect(problemsOf(appliance("allowed_hosts: www.ecs.example"))).toEqual([
      "env.yml:4:18: warning: appliance:allowed_hosts: does not have appliance:domain, so that the site does not answer to it",
    ]);
  });
});

describe("client certificates", () => {
  it("are mandatory by either of the two keys", () => {
    const { env } = parse(appliance("ssl: {letsencrypt: {client_certs_mandatory: yes}}"));
    expect(env?.appliance.ssl.client_certs_mandatory).toBe(true);
  });
});

describe("an unknown key", () => {
  it.each([
    [
      "alowed_hosts: x",
      "4:3: warning: appliance:alowed_hosts: unknown key, it has no effect, did you mean 'allowed_hosts'?",
    ],
    [
      "userswitcher: x",
      "4:3: warning: appliance:userswitcher: unknown key, it has no effect, did you mean 'ecs:userswitcher'?",
    ],
    [
      "update:oncalendar: daily",
      "4:3: warning: appliance:update:oncalendar: unknown key; write 'update:' and below it, indented, 'oncalendar:'",
    ],
    ["__proto__: {standby: yes}", "4:3: warning: appliance:__proto__: unknown key, it has no effect"],
    ["constructor: x", "4:3: warning: appliance:constructor: unknown key, it has no effect"],
  ])("%s is a warning", (line, expected) => {
    const { env, problems } = parse(appliance(line));
    expect(env?.appliance.standby).toBe(false);
    expect(problems.map(formatProblem)).toEqual([`env.yml:${expected}`]);
  });

  it("is shown as one short line, whatever it is", () => {
    const [line] = problemsOf(appliance(`"${"x".repeat(1000)}\\t\\n": 1`));
    expect(line).toMatch(/^env.yml:4:3: warning: appliance:x{190}…: unknown key, it has no effect$/);
    expect(problemsOf(appliance(`"a\\nb": 1`))[0]).toContain("appliance:a\\u{a}b: unknown key");
  });

  it("stays in the raw data", () => {
    expect(parse(appliance("other: 1")).data).toMatchObject({ appliance: { other: 1 } });
  });
});

describe("an older name of a key", () => {
  it("is read, with a warning", () => {
    const { env, problems } = parse(appliance("extra: {files: [{path: /a, content: x}]}"));
    expect(env?.appliance.extra.files[0]?.contents).toBe("x");
    expect(problems.map(formatProblem)).toEqual([
      "env.yml:4:30: warning: appliance:extra:files:0:content: is an older name of 'contents'",
    ]);
  });

  it("is refused beside the newer one", () => {
    const { env } = parse(appliance("extra: {files: [{path: /a, content: x, contents: y}]}"));
    expect(env).toBeUndefined();
  });
});

describe("a file without settings", () => {
  it.each(["", "#cloud-config\n# nothing\n", "just text\n", "- a\n- b\n", "42\n"])(
    "%j is refused with what to do",
    (text) => {
      const { env, problems } = parse(text);
      expect(env).toBeUndefined();
      expect(problems.at(-1)).toMatchObject({
        severity: "error",
        remedy: expect.stringContaining("appliance env create"),
      });
    },
  );

  it("is refused with the problems of its YAML when it is none", () => {
    const { env, problems, data } = parse("#cloud-config\nappliance: [a\n");
    expect({ env, data }).toEqual({ env: undefined, data: undefined });
    expect(problems[0]).toMatchObject({ severity: "error", file: "env.yml", path: "" });
  });
});

describe("the first line", () => {
  it("is asked for, since cloud-init ignores the file without it", () => {
    const { env, problems } = parse("appliance: {domain: ecs.example}\n");
    expect(env).toBeDefined();
    expect(problems).toMatchObject([{ severity: "warning", line: 1, column: 1 }]);
  });

  it("may follow a byte order mark", () => {
    expect(parse("\uFEFF#cloud-config\nappliance: {domain: ecs.example}\n").problems).toEqual([]);
  });
});
