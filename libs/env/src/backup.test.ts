import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { backupTargetsOf, mountSettingOf, redactedChanges, sealSecretsOf, secretsOf } from "./index.ts";
import { secretKeyBlock, sshKey } from "./testing/example.ts";
import { appliance, parse, problemsOf } from "./testing/parse.ts";

const PASSWORD = "a password of the backups";
const MOUNT = { type: "nfs", source: "h:/x", target: "/mnt/second" };
const RESTIC = { engine: "restic", url: "sftp://me@host/x", password: PASSWORD };

const withBackup = (backup: object) => appliance(`backup: ${JSON.stringify(backup)}`);
const problems = (backup: object) => problemsOf(withBackup(backup)).map((line) => line.replace(/^\S+ /, ""));
const load = (backup: object) => {
  const { env, problems } = parse(withBackup(backup));
  if (!env) throw new Error(JSON.stringify(problems));
  return env;
};
const second = (change: object) => ({
  ...RESTIC,
  targets: [{ name: "second", url: "file:///mnt/second/x", ...change }],
});

describe("a backup's engine", () => {
  it("is duplicity in a file that names none", () => {
    expect(load({ url: "ftp://host/x" }).appliance.backup).toMatchObject({ engine: "duplicity", append_only: false });
    expect(problems({ url: "ftp://host/x" })).toEqual([]);
  });

  it("needs its own secret, and is told by a near name", () => {
    expect(problems({ ...RESTIC, password: undefined })).toEqual([
      expect.stringMatching(/^appliance:backup:password: is missing: restic .* openssl rand -base64 39$/),
    ]);
    expect(problems({ engine: "duplicity" })).toEqual([expect.stringMatching(/^appliance:backup:encrypt: is missing/)]);
    expect(problems(second({ engine: "duplicity" }))).toEqual([expect.stringContaining("encrypt: is missing")]);
    expect(problems({ engine: "rustic" })).toEqual([
      "appliance:backup:engine: 'rustic' must be duplicity or restic, did you mean 'restic'?",
    ]);
    expect(problems({ ...RESTIC, password: "short" })).toEqual([expect.stringMatching(/^warning: .* can be guessed/)]);
  });

  it.each([
    "file:///mnt/x",
    "sftp://user:pw@host:22//srv/x",
    "rest:https://user:pw@host:8000/x",
    "s3:https://s3.test/bucket/x",
    "rclone:remote:folder",
    "rclone+ssh://user@host//srv/x",
    "smb://user:pw@host/share/x",
    "webdavs://host/x",
  ])("restic takes %s", (url) => {
    expect(problems({ ...RESTIC, url })).toEqual([]);
  });

  it.each([
    ["smbs://host/x", "unknown scheme 'smbs', did you mean 'smb'?"],
    ["rsync://host/x", "restic does not speak 'rsync'. Take one of"],
    ["s3:///bucket/x", "is duplicity's way to write it; write s3:https://host/bucket/folder"],
    ["rclone://remote:x", "is duplicity's way to write it; write rclone:remote:folder"],
    ["sftp://host/a'b", "The address of the backup target holds a quote"],
  ])("restic does not take %s", (url, message) => {
    expect(problems({ ...RESTIC, url })).toEqual([expect.stringContaining(`appliance:backup:url: ${message}`)]);
  });

  it.each([
    ["smb://host/x", "duplicity does not speak smb. Write file:///mnt/…"],
    ["rest:https://host/x", "duplicity does not speak rest"],
    ["s3:https://host/bucket", "is restic's way to write it. Write s3:///bucket/folder"],
  ])("duplicity does not take %s", (url, message) => {
    expect(problems({ url })).toEqual([expect.stringContaining(`appliance:backup:url: ${message}`)]);
  });

  it("reaches what lies on this host where the backup may write alone", () => {
    for (const folder of ["/mnt/x", "/media/x", "/srv/x", "/volatile/x"])
      expect(problems({ url: `file://${folder}` })).toEqual([]);
    expect(problems({ url: "file:///mnting/x" })).toEqual([
      expect.stringMatching(/^warning: .*cannot write to. It sees what is below \/mnt, /),
    ]);
  });
});

describe("further targets of a backup", () => {
  it("take over engine and retention, and keep what is their own", () => {
    const own = { url: "smb://host/x", retention: { daily: 3 }, append_only: true, environment: { AWS_X: "key" } };
    const env = load({ ...second(own), retention: { monthly: 24 } });
    const [main, other] = backupTargetsOf(env);
    expect(main).toMatchObject({ name: "main", retention: { daily: 14, weekly: 8, monthly: 24 } });
    expect(other).toMatchObject({ ...own, name: "second", engine: "restic" });
    expect(other?.retention).toEqual({ daily: 3, weekly: 8, monthly: 24 });
  });

  it("name their mounts as the jobs do", () => {
    const mount = { ...MOUNT, target: "/mnt/main" };
    const [main, other] = backupTargetsOf(load({ ...second({ mount: MOUNT }), url: "file:///mnt/main/x", mount }));
    expect(mountSettingOf(main)).toBe("appliance:backup:mount");
    expect(other && mountSettingOf(other)).toBe("appliance:backup:targets:second:mount");
    expect(mountSettingOf(backupTargetsOf(load(RESTIC))[0])).toBeUndefined();
  });

  it.each([
    [{ name: "main" }, "name: main is the target of appliance:backup:url"],
    [{ name: "Second" }, "name: 'Second' must have 1 to 32 small letters"],
    [{ name: undefined }, "name: is missing"],
    [{ url: undefined }, "url: is missing"],
    [{ url: "rsync://host/x" }, "url: restic does not speak 'rsync'"],
    [{ mount: { ...MOUNT, target: "/mnt/other" } }, "url: does not lead below mount:target, as in file:///mnt/other/"],
    [{ environment: { PYTHONPATH: "/x" } }, "environment:PYTHONPATH: is no name of credentials. Names begin with AWS_"],
    [{ environment: { AWS_X: null } }, "environment:AWS_X: is missing"],
    [{ environment: "AWS_X=1" }, "environment: must be a section with keys below it, but here is text"],
    [{ retention: { daily: 0 } }, "retention:daily: '0' must be a whole number from 1 to 3660"],
    [{ retention: { weekly: 1.5 } }, "retention:weekly: '1.5' must be a whole number from 0 to 3660"],
  ])("are told of at their place: %j", (change, message) => {
    const [problem, ...others] = problems(second(change));
    expect(problem).toContain(`appliance:backup:targets:0:${message}`);
    expect(others).toEqual([]);
  });

  it("are told apart by name and by where they are mounted", () => {
    const [one] = second({ mount: MOUNT }).targets;
    const targets = [one, { ...one, name: "third" }, { ...one, mount: undefined }];
    expect(problems({ ...RESTIC, targets })).toEqual([
      "appliance:backup:targets:1:mount:target: '/mnt/second' is where a target above is mounted",
      "appliance:backup:targets:2:name: 'second' is the name of a target above",
    ]);
  });
});

describe("what ssh needs for a backup", () => {
  const pem = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" });

  it("may be a key in PEM, and lines of known_hosts with comments among them", () => {
    const known_hosts = `# the storage\n\n[host]:22 ${sshKey} name\n@revoked * ${sshKey}\n|1|aa=|bb= ${sshKey}\n`;
    expect(problems({ ...RESTIC, ssh_key: pem, known_hosts })).toEqual([]);
  });

  it.each([
    ["ssh_key", sshKey, "must be a private key for ssh, whole and without a passphrase"],
    ["ssh_key", String(pem).slice(0, 500), "must be a private key for ssh"],
    ["known_hosts", `host ${sshKey}\n${sshKey}\n`, "line 2 of it: must be a line of known_hosts"],
    ["known_hosts", `host ${sshKey.slice(0, 20)}\n`, "the key of 'host' is not whole"],
  ])("cannot be %s: %s", (key, text, message) => {
    expect(problems({ ...RESTIC, [key]: text })).toEqual([expect.stringContaining(`backup:${key}: ${message}`)]);
  });
});

describe("secrets of a backup", () => {
  const environment = { AWS_SECRET_ACCESS_KEY: "the-secret-of-s3" };
  const env = load({ ...second({ url: "rest:https://me:hunter22@host/x", environment }), encrypt: secretKeyBlock });

  it("are kept out of logs and of lists of changes, those of further targets too", () => {
    expect(secretsOf(env)).toEqual(expect.arrayContaining([PASSWORD, "the-secret-of-s3", "hunter22", secretKeyBlock]));
    const text = JSON.stringify(redactedChanges(load({}), env));
    expect(text).toContain("appliance:backup:targets:0:environment:AWS_SECRET_ACCESS_KEY");
    expect(text).not.toMatch(/hunter22|of-s3|a password|BEGIN PGP/);
  });

  it("open it with restic's password before duplicity's key, and with each that is there", () => {
    expect(sealSecretsOf(env)).toEqual([PASSWORD, secretKeyBlock]);
    expect(sealSecretsOf(load({ encrypt: secretKeyBlock }))).toEqual([secretKeyBlock]);
    expect(sealSecretsOf(load({}))).toBeUndefined();
  });
});
