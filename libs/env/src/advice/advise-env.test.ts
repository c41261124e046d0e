import { describe, expect, it } from "vitest";
import { adviseEnv, formatProblem, type Facts } from "../index.ts";
import { secretKeyBlock, sshKey } from "../testing/example.ts";
import { parse } from "../testing/parse.ts";

/** A file that nobody has an advice for. */
const GOOD = {
  ssh_authorized_keys: [sshKey],
  appliance: {
    domain: "ecs.example.org",
    metric: { exporter: true },
    backup: {
      url: "sftp://me@backup.test/folder",
      known_hosts: `backup.test ${sshKey}\n`,
      append_only: true,
      encrypt: secretKeyBlock,
    },
  },
  ecs: { git: { source: "https://git.test/ecs.git" } },
};

const advise = (change: object, facts: Facts = {}) => {
  const parsed = parse(`#cloud-config\n${JSON.stringify({ ...GOOD, ...change })}\n`);
  expect(parsed.problems.filter(({ severity }) => severity === "error")).toEqual([]);
  return adviseEnv(parsed, facts).map(formatProblem);
};
const onAppliance = (change: object, facts: Facts = {}) =>
  advise({ appliance: { ...GOOD.appliance, ...change } }, facts);

const onBackup = (change: object, facts: Facts = {}) =>
  onAppliance({ backup: { ...GOOD.appliance.backup, ...change } }, facts);

describe("advice", () => {
  it("is not given where all is well, nor for a file with errors", () => {
    expect(advise({})).toEqual([]);
    expect(adviseEnv(parse("#cloud-config\nappliance: {}\n"))).toEqual([]);
  });

  it("stands where its setting does, in the order of the file", () => {
    const parsed = parse(
      "#cloud-config\nappliance:\n  domain: a.example.org\n  backup:\n    url: file:///data/x\nssh_authorized_keys:\n",
    );
    const places = adviseEnv(parsed).map(({ path, line, column }) => `${line}:${column} ${path}`);
    expect(places).toEqual([
      "2:1 appliance:update:automatic",
      "2:1 ecs:git:source",
      "4:3 appliance:backup:encrypt",
      "5:10 appliance:backup:url",
      "6:1 ssh_authorized_keys",
    ]);
  });
});

describe("access", () => {
  it.each([
    [0o600, 0],
    [0o400, 0],
    [0o640, 1],
    [0o604, 1],
  ])("of mode %o to a file with all secrets", (mode, count) => {
    expect(advise({}, { mode })).toHaveLength(count);
  });

  it("without any ssh key is doubtful, and worse when root is locked out", () => {
    expect(advise({ ssh_authorized_keys: [] })).toEqual([expect.stringContaining("lets nobody in by ssh")]);
    expect(advise({ ssh_authorized_keys: [], disable_root: true })).toEqual([
      expect.stringContaining("disable_root is set"),
    ]);
  });
});

describe("a backup", () => {
  it.each([
    ["file:///volatile/ecs-backup-test/", false, "the same disk as the data"],
    ["file:///data/backup", false, "the same disk as the data"],
    ["par2+file:///data/backup", false, "the same disk as the data"],
    ["file:///srv/backup", true, "the same disk as the system"],
    ["file:///database", true, "the same disk as the system"],
  ])("at %s is lost with the data", (url, isOnSystemDisk, where) => {
    const found = onBackup({ url }, { isOnSystemDisk: () => isOnSystemDisk });
    expect(found).toEqual([expect.stringContaining(where)]);
  });

  it("on another disk, on another machine or on a mount of its own is well", () => {
    expect(onBackup({ url: "file:///srv/backup" }, { isOnSystemDisk: () => false })).toEqual([]);
    const mount = { type: "nfs", source: "host:/x", target: "/mnt/backup" };
    expect(onBackup({ url: "file:///mnt/backup/ecs", mount })).toEqual([]);
  });
});

describe("a backup that cannot be made as it is", () => {
  it.each([
    [{ encrypt: undefined }, "encrypt: is not set, so that nothing is backed up"],
    [{ known_hosts: undefined }, "known_hosts: is not set, so that the target's host is refused"],
    [{ url: "sftp://me@backup.test/my%20folder" }, "url: The address of the backup target holds a quote, a blank"],
    [{ options: "--rsync-options=-e" }, "options: appliance:backup:options: --rsync-options is not among those"],
    [
      { engine: "restic", password: "a password of backups", options: "--timeout 9" },
      "options: is for duplicity alone",
    ],
  ])("is told of with %j", (change, message) => {
    expect(onBackup(change)).toEqual([expect.stringContaining(message)]);
  });

  it("is told of a further target at its place", () => {
    const targets = [{ name: "second", engine: "duplicity", url: "sftp://me@second.test/x" }];
    expect(onBackup({ engine: "duplicity", targets })).toEqual([
      expect.stringContaining("warning: appliance:backup:targets:0:known_hosts: is not set"),
    ]);
  });

  it("can be lost at its only target, unless this host may not delete there", () => {
    const alone = { append_only: false };
    expect(onBackup(alone)).toEqual([expect.stringContaining("who breaks in here can delete all backups")]);
    const targets = [{ name: "second", url: "ftps://second.test/x" }];
    expect(onBackup({ ...alone, engine: "duplicity", targets })).toEqual([]);
  });
});

describe("an update", () => {
  const update = (oncalendar: string) => onAppliance({ update: { oncalendar } }).length === 1;

  it.each([
    "*-*-* 00:30:00",
    "*-*-* 06:29:59",
    "Sun *-*-* 03:00",
    "daily UTC",
    "*:0/15",
    "*-02-29 05:00",
    "*-*-* 04:00 Europe/Vienna",
  ])("at %s meets the backup", (oncalendar) => expect(update(oncalendar)).toBe(oncalendar !== "daily UTC"));

  it.each(["*-*-* 06:30:00", "Sun *-*-* 06:30:00", "*-*-* 00:29:59", "weekly", "*-*-* 12..23:*:*", "2020-01-01 07:00"])(
    "at %s does not",
    (oncalendar) => expect(update(oncalendar)).toBe(false),
  );

  it("goes by the time that the backup really has, and so do check and proof of the backup", () => {
    const at = (oncalendar: string) => ({ ...GOOD.appliance.backup, oncalendar });
    expect(onAppliance({ backup: at("*-*-* 03:00"), update: { oncalendar: "*-*-* 02:00" } })).toEqual([]);
    expect(onAppliance({ backup: at("Sat 03:00"), update: { oncalendar: "Sun 04:00" } })).toEqual([]);
    expect(onAppliance({ backup: at("Sat 23:00"), update: { oncalendar: "Sun 04:00" } })).toHaveLength(1);
    expect(onBackup({ oncalendar: "*-*-* 20:00" })).toEqual([expect.stringContaining("verify_oncalendar")]);
    expect(onBackup({ oncalendar: "Sun 08:00" })).toEqual([expect.stringContaining("drill_oncalendar")]);
  });

  it("by itself wants to be measured, and by hand need not be", () => {
    expect(onAppliance({ metric: {} })).toEqual([expect.stringContaining("nothing is measured")]);
    expect(onAppliance({ metric: {}, update: { automatic: false, oncalendar: "*-*-* 03:00" } })).toEqual([]);
  });
});

describe("secrets", () => {
  const long = "Zq8yCz0mK4vN1uWb7dXhPq2rTt5sLf9e";
  const settings = (...lines: string[]) => ({ ecs: { ...GOOD.ecs, settings: `${lines.join("\n")}\n` } });

  it("that stand in two places open both", () => {
    const twice = settings(`SECRET_KEY = '${long}'`, `REGISTRATION_SECRET = '${long}'`);
    expect(advise(twice)).toEqual([
      expect.stringContaining("REGISTRATION_SECRET is the same secret as ecs:settings SECRET_KEY"),
    ]);
    const url = {
      appliance: { ...GOOD.appliance, backup: { ...GOOD.appliance.backup, url: `ftp://me:${long}@backup.test/x` } },
    };
    const across = advise({ ...url, ...settings(`EMAIL_HOST_PASSWORD = '${long}'`) });
    expect(across).toEqual([expect.stringContaining("EMAIL_HOST_PASSWORD is the same secret as appliance:backup:url")]);
    expect(across.join()).not.toContain(long);
  });

  it.each(["secret", "change-me", "a secret of the application", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"])(
    "like '%s' can be guessed",
    (secret) => {
      const tooFew = new Set(secret).size < 10 || secret.length < 20;
      expect(advise(settings(`SECRET_KEY = '${secret}'`))).toHaveLength(tooFew ? 1 : 0);
    },
  );

  it("may be those of the error reports in both places, and comments are no secrets", () => {
    const dsn = "https://0123456789abcdef@sentry.test/1";
    const both = {
      appliance: { ...GOOD.appliance, sentry: { dsn } },
      ...settings(`SENTRY_DSN = '${dsn}'`, "# SECRET_KEY = 'x'"),
    };
    expect(advise(both)).toEqual([]);
  });
});

describe("a value of the example", () => {
  it("that nobody can mean is told, and one that may be meant is not", () => {
    expect(onBackup({ url: "sftp://user@backup.example/folder" })).toEqual([
      expect.stringMatching(/appliance:backup:url: still has the value of the example/),
    ]);
    expect(
      onAppliance({
        git: { branch: "main" },
        update: { oncalendar: "Sun *-*-* 06:30:00" },
        extra: { packages: ["qrcode"] },
      }),
    ).toEqual([]);
  });
});

it("an application that is not named is asked for, unless none is to start", () => {
  expect(advise({ ecs: {} })).toEqual([expect.stringMatching(/ecs:git:source: is not set/)]);
  expect(advise({ ecs: {}, appliance: { ...GOOD.appliance, standby: true } })).toEqual([]);
});

describe("a certificate", () => {
  const onSsl = (ssl: object, domain = "ecs.example.org") => onAppliance({ domain, ssl });
  const given = { key: "own-key.pem", cert: "own-cert.pem" };

  it("of one's own is served, whatever letsencrypt says", () => {
    expect(onSsl({ ...given, letsencrypt: { enabled: true } })).toEqual([
      expect.stringContaining("the certificate of that key is served, and none is fetched"),
    ]);
    expect(onSsl({ ...given, letsencrypt: { enabled: false } })).toEqual([]);
  });

  it.each(["localhost", "ecs.test", "ecs.home.arpa"])(
    "for %s is fetched from an authority of the network alone",
    (domain) => {
      expect(onSsl({}, domain)).toEqual([expect.stringContaining(`nobody issues certificates for ${domain}`)]);
      expect(onSsl({ letsencrypt: { enabled: false } }, domain)).toEqual([]);
      expect(onSsl({ letsencrypt: { directory_url: "https://ca.ecs.test/directory" } }, domain)).toEqual([]);
    },
  );
});

describe("the ethics commission", () => {
  const chosen = (uuid: string, source = GOOD.ecs.git.source) =>
    advise({ ecs: { git: { source }, settings: `DEBUG = False\nETHICS_COMMISSION_UUID = '${uuid}'\n` } });

  it("may be a known one, with or without dashes", () => {
    expect(chosen("e17ee744e4e840778f316cf3f79de6b4")).toEqual([]);
    expect(chosen("E17EE744-E4E8-4077-8F31-6CF3F79DE6B4")).toEqual([]);
  });

  it("is warned about when it is unknown or out of use, and asked for when it is open", () => {
    expect(chosen("00000000000000000000000000000000")).toEqual([
      expect.stringMatching(/warning: .*is no known commission/),
    ]);
    expect(chosen("c890205dcb7543c8a76bf324512c5f81")).toEqual([expect.stringMatching(/warning: .*Nicht verwenden/)]);
    expect(chosen("ec".repeat(16))).toEqual([expect.stringMatching(/advice: .*no commission yet/)]);
  });

  it("is of no matter to the sample", () => {
    expect(chosen("00000000000000000000000000000000", "builtin:sample")).toEqual([]);
  });

  it("is told in its own line", () => {
    const text =
      "#cloud-config\nappliance: {domain: a}\necs:\n  settings: |\n    A = 1\n\n    ETHICS_COMMISSION_UUID = 'x'\n";
    expect(adviseEnv(parse(text)).find(({ path }) => path === "ecs:settings")).toMatchObject({
      line: 7,
      severity: "warning",
    });
  });
});
