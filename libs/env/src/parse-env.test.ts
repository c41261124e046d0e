import { assert, property, subarray } from "fast-check";
import { describe, expect, it } from "vitest";
import { formatProblem, parseEnv } from "./index.ts";
import { exampleEnv, exampleNames, makeRsaKey, namesInForce, secretKeyBlock } from "./testing/example.ts";

const parse = (text: string) => parseEnv(Buffer.from(text), { file: "env.yml" });
const problemsOf = (text: string) => parse(text).problems.map(formatProblem);

/** An env.yml with these lines below `appliance`, the first of them in line 4. */
const appliance = (...lines: string[]) =>
  ["#cloud-config", "appliance:", "  domain: ecs.example", ...lines.map((line) => `  ${line}`), ""].join("\n");

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
    states: "appliance:extra:states: is not carried out by this version: states are read and checked only",
    setup: "appliance:storage:setup: is not carried out by this version: states are read and checked only",
    proxyCache: "appliance:storage:proxy_cache: is not carried out by this version: the appliance has no such cache",
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

describe("a wrong value", () => {
  const weakKey = `|\n      ${makeRsaKey(1024).trimEnd().replaceAll("\n", "\n      ")}`;
  const brokenKey = secretKeyBlock.replace("lQEC", "lQED").trimEnd().replaceAll("\n", "\\n");

  it.each([
    ["standby: maybe", "4:12: appliance:standby: must be yes or no, but here is text"],
    ["standby: 1", "4:12: appliance:standby: must be yes or no, but here is the number '1'"],
    ["metric: on", "4:11: appliance:metric: must be a section with keys below it, but here is a yes or no"],
    ["git: {branch: [a]}", "4:17: appliance:git:branch: must be text, but here is a list"],
    [
      "git: {branch: no}",
      "4:17: appliance:git:branch: is a yes or no here; if the text no is meant, write it in quotes",
    ],
    ["git: {branch: a..b}", "4:17: appliance:git:branch: 'a..b' is no name of a branch"],
    ["git: {source: 'ext::sh -c id'}", "4:17: appliance:git:source: must be a git URL without blanks"],
    ["git: {source: 'htps://x/y'}", "4:17: appliance:git:source: unknown scheme 'htps', did you mean 'https'?"],
    ["allowed_hosts: 10.0.0.1", "4:18: appliance:allowed_hosts: '10.0.0.1' is an address, and a host name is needed"],
    [
      "allowed_hosts: [a_b]",
      "4:19: appliance:allowed_hosts:0: 'a_b' is no host name: it may have letters, digits, '-' and '.'",
    ],
    ["ssl: {key: k.pem}", "4:14: appliance:ssl:key: needs appliance:ssl:cert beside it"],
    ["ssl: {cert: c.pem}", "4:15: appliance:ssl:cert: needs appliance:ssl:key beside it"],
    [
      "sentry: {dsn: 'https://url'}",
      "4:17: appliance:sentry:dsn: must be a Sentry DSN, as in https://key@sentry.example/1",
    ],
    [
      "extra: {packages: qrcode}",
      "4:21: appliance:extra:packages: must be a list, each line of it with '- ' in front, but here is text",
    ],
    [
      "extra: {packages: [Curl]}",
      "4:22: appliance:extra:packages:0: 'Curl' is no name of a Debian package, did you mean 'curl'?",
    ],
    ["extra: {packages: [curl-]}", "4:22: appliance:extra:packages:0: 'curl-' is no name of a Debian package"],
    ["extra: {states: 'a: [b'}", "4:19: appliance:extra:states: is no YAML: line 1 of it:"],
    ["extra: {files: [{contents: x}]}", "4:19: appliance:extra:files:0:path: is missing"],
    ["extra: {files: [{path: /a}]}", "4:19: appliance:extra:files:0:contents: is missing"],
    ["extra: {files: [{path: a, contents: x}]}", "4:26: appliance:extra:files:0:path: 'a' must be an absolute path"],
    [
      "extra: {files: [{path: /a/../b, contents: x}]}",
      "4:26: appliance:extra:files:0:path: '/a/../b' must name a file, without '//', '.', '..' and '/' at the end",
    ],
    [
      "extra: {files: [{path: /run/docker.sock, contents: x}]}",
      "4:26: appliance:extra:files:0:path: '/run/docker.sock' is not for files of one's own: /run/docker.sock belongs to the system",
    ],
    [
      "extra: {files: [{path: /a, contents: x}, {path: /a, contents: y}]}",
      "4:51: appliance:extra:files:1:path: '/a' is written by 1. file of the list already",
    ],
    [
      "extra: {files: [{path: /a, contents: x, permissions: 0999}]}",
      "4:56: appliance:extra:files:0:permissions: '0999' must be an octal mode such as 0600",
    ],
    [
      "extra: {files: [{path: /a, contents: x, permissions: 04755}]}",
      "4:56: appliance:extra:files:0:permissions: '04755' must not have the setuid, setgid or sticky bit",
    ],
    [
      "extra: {files: [{path: /a, contents: x, owner: 'a b'}]}",
      "4:50: appliance:extra:files:0:owner: 'a b' must be user or user:group",
    ],
    ["update: {oncalendar: Snu}", "4:24: appliance:update:oncalendar: Calendar expression 'Snu', column 1:"],
    ["dkim: {key: abc}", "4:15: appliance:dkim:key: must be an RSA private key in PEM without a passphrase"],
    [`dkim:\n    key: ${weakKey}`, "5:10: warning: appliance:dkim:key: the key has 1024 bits; receivers ask for 2048"],
    ["backup: {encrypt: abc}", "4:21: appliance:backup:encrypt: must be an armored OpenPGP key"],
    [
      `backup: {encrypt: "${brokenKey}\\n"}`,
      "4:21: appliance:backup:encrypt: the OpenPGP key is not whole: its checksum does not fit",
    ],
    [
      `backup: {encrypt: "${brokenKey.replaceAll("PRIVATE", "PUBLIC")}\\n"}`,
      "4:21: appliance:backup:encrypt: must be the private key, but here is only a public one or a message",
    ],
    ["backup: {url: 'fpt://host/x'}", "4:17: appliance:backup:url: unknown scheme 'fpt', did you mean 'ftp'?"],
    ["backup: {mount: {type: nfs}}", "4:12: appliance:backup:mount:source: is missing"],
    [
      "backup: {mount: {type: cifs, source: 'host:/x', target: /mnt/x}}",
      "4:40: appliance:backup:mount:source: 'host:/x' must be a Windows share, as in //server/share",
    ],
    [
      "backup: {mount: {type: cifs, source: //h/s, target: /etc/x}}",
      "4:55: appliance:backup:mount:target: '/etc/x' would hide a folder of the system",
    ],
    [
      "backup: {url: file:///mnt/x, mount: {type: cfis, source: //h/s, target: /mnt/x}}",
      "4:46: warning: appliance:backup:mount:type: 'cfis' is an unusual type, did you mean 'cifs'?",
    ],
    ["database: {locale: de_DE}", "4:22: appliance:database:locale: 'de_DE' must be a UTF-8 locale"],
    [`git: {branch: ${"x".repeat(251)}}`, "4:17: appliance:git:branch: is longer than 250 characters"],
    ['git: {branch: "a\\nb"}', "4:17: appliance:git:branch: must be one line"],
    ['git: {branch: "a\\u202eb"}', "4:17: appliance:git:branch: holds the invisible character U+202E"],
  ])("%s", (lines, expected) => {
    const [first] = problemsOf(appliance(lines));
    expect(first?.slice(0, `env.yml:${expected}`.length)).toBe(`env.yml:${expected}`);
  });

  it("of an application that is not part of the appliance is met with the one that is", () => {
    expect(problemsOf(appliance() + "ecs: {git: {source: 'builtin:smaple'}}\n")).toEqual([
      "env.yml:4:21: ecs:git:source: unknown application 'builtin:smaple', did you mean 'builtin:sample'?",
    ]);
  });

  it("of an ssh key is found before it locks anyone out", () => {
    const problems = problemsOf(
      appliance() + "ssh_authorized_keys:\n  - ssh-rsa and some more\n  - ssh-ed25519 AAAA x\n",
    );
    expect(problems).toEqual([
      "env.yml:5:5: ssh_authorized_keys:0: is not whole: it does not hold a ssh-rsa key",
      "env.yml:6:5: ssh_authorized_keys:1: is not whole: it does not hold a ssh-ed25519 key",
    ]);
  });

  it("hides no other one: all are reported at once, in the order of the file", () => {
    const text = appliance("standby: x", "git: {branch: a..b}", "dkim: {key: x}").replace("ecs.example", "a b");
    expect(problemsOf(text).map((line) => line.split(":")[1])).toEqual(["3", "4", "5", "6"]);
  });
});

describe("the domain", () => {
  const withDomain = (domain: string) => parse(`#cloud-config\nappliance:\n  domain: ${domain}\n`);

  it.each(["localhost", "ecs.example", "a-1.b-2.example", `${"a".repeat(63)}.example`])("may be %s", (domain) => {
    expect(withDomain(domain)).toMatchObject({ env: { appliance: { domain } }, problems: [] });
  });

  it("is read in lower case", () => {
    expect(withDomain("Whatever.ME").env?.appliance.domain).toBe("whatever.me");
  });

  it("is shown as DNS has it when it has other letters", () => {
    const { env, problems } = withDomain("bücher.example");
    expect(env?.appliance.domain).toBe("xn--bcher-kva.example");
    expect(problems.map(formatProblem)).toEqual([
      "env.yml:3:11: warning: appliance:domain: 'bücher.example' is 'xn--bcher-kva.example' in DNS",
    ]);
  });

  it("is warned about when letters of two scripts look alike", () => {
    expect(withDomain("exаmple.org").problems[0]?.message).toMatch(/mixes Latin and Cyrillic letters/);
  });

  it.each([
    "-a.example",
    "a..example",
    "a.example.",
    "a b",
    "1.2.3",
    "0x7f.1",
    "ecs.example/x",
    "a".repeat(64),
    "*.example",
  ])("cannot be %s", (domain) => {
    expect(withDomain(JSON.stringify(domain)).problems[0]).toMatchObject({
      path: "appliance:domain",
      line: 3,
      column: 11,
    });
  });

  it.each([
    ["#cloud-config\nappliance:\n  standby: no\n", 2],
    ["#cloud-config\necs:\n", 2],
    ["#cloud-config\nappliance:\n  domain:\n", 3],
  ])("is missing in %j", (text, line) => {
    expect(parse(text).problems).toMatchObject([
      { severity: "error", path: "appliance:domain", message: "is missing", line },
    ]);
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
