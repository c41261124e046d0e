import { describe, expect, it } from "vitest";
import { planHosts } from "./hostname.ts";
import { IDENTITIES, TLS_GROUP } from "./identities.ts";
import { parseMountinfo } from "./mounts.ts";
import { refusalOf } from "./path-rules.ts";
import { assertEnvironment, assertHostname, assertPackages, assertTaskId, assertUnit } from "./refuse.ts";
import { keyOf, planAuthorizedKeys } from "./ssh-keys.ts";

describe("identities", () => {
  it("give each unprivileged part a uid that no other has", () => {
    const uids = Object.values(IDENTITIES)
      .map(({ uid }) => uid)
      .filter((uid) => uid !== 0);
    expect(new Set([...uids, TLS_GROUP]).size).toBe(uids.length + 1);
  });
});

describe("planAuthorizedKeys", () => {
  const key = (body: string) => `ssh-ed25519 AAAAC3Nz${body} `;

  it("adds what is missing and leaves other lines as they are, comments and options too", () => {
    const before = `# mine\n\ncommand="backup" ${key("one")}me\n`;
    expect(planAuthorizedKeys(before, [`${key("two")}you\n`], [])).toBe(
      `# mine\ncommand="backup" ${key("one")}me\n${key("two")}you\n`,
    );
  });

  it("knows a key again by its body, whatever stands around it", () => {
    const before = `from="10.0.0.1" ${key("one")}old comment\n`;
    expect(planAuthorizedKeys(before, [`${key("one")}new comment`], [])).toBe(before);
    expect(planAuthorizedKeys(before, [], [key("one")])).toBe("");
  });

  it("removes a deprecated key though it is listed as wanted too, and never a comment that quotes it", () => {
    const before = `# ${key("one")}was stolen\n${key("one")}x\n`;
    expect(planAuthorizedKeys(before, [key("one")], [key("one")])).toBe(`# ${key("one")}was stolen\n`);
  });

  it("puts a wanted key in place of the line with which cloud-init disabled it", () => {
    const disabled = `no-pty,command="echo 'Please login as the user \\"debian\\" rather than the user \\"root\\".';echo" ${key("one")}x\n`;
    expect(planAuthorizedKeys(disabled, [`${key("one")}me`], [])).toBe(`${key("one")}me\n`);
    expect(planAuthorizedKeys(disabled, [], [])).toBe(disabled);
  });

  it.each(["", "# comment", "no key", "ssh-rsa", "ssh-rsa BBBB", 'command="x"'])("sees no key in %j", (line) => {
    expect(keyOf(line)).toBeUndefined();
  });

  it("sees keys of hardware tokens and elliptic curves", () => {
    expect(keyOf("sk-ssh-ed25519@openssh.com AAAAGnNr me")).toBe("sk-ssh-ed25519@openssh.com AAAAGnNr");
    expect(keyOf("ecdsa-sha2-nistp256 AAAAE2Vj== me")).toBe("ecdsa-sha2-nistp256 AAAAE2Vj==");
  });
});

describe("planHosts", () => {
  it("puts the name, full and short, into Debian's line for it and keeps all others", () => {
    expect(planHosts("127.0.0.1\tlocalhost\n127.0.1.1\told\n\n# note\n", "clinic.example.org")).toBe(
      "127.0.0.1\tlocalhost\n127.0.1.1\tclinic.example.org clinic\n\n# note\n",
    );
  });

  it("adds the line where there is none, and then has nothing to do", () => {
    const once = planHosts("127.0.0.1 localhost", "clinic");
    expect(once).toBe("127.0.0.1 localhost\n127.0.1.1\tclinic\n");
    expect(planHosts(once, "clinic")).toBe(once);
    expect(planHosts("", "clinic")).toBe("127.0.1.1\tclinic\n");
  });
});

describe("parseMountinfo", () => {
  it("reads blanks in names and any number of optional fields", () => {
    const text = [
      "36 35 98:0 / /mnt/a\\040b rw,noatime shared:1 master:2 - ext4 /dev/sd\\134x rw,errors=continue",
      "40 35 0:50 / /proc rw - proc proc rw",
      "",
    ].join("\n");
    expect(parseMountinfo(text)).toEqual([
      { source: "/dev/sd\\x", target: "/mnt/a b", type: "ext4", options: ["rw", "noatime"] },
      { source: "proc", target: "/proc", type: "proc", options: ["rw"] },
    ]);
  });
});

describe("refusalOf", () => {
  it.each([
    ["etc/x", "not absolute"],
    ["", "not absolute"],
    ["/etc/../shadow", ". or .."],
    ["/etc/./x", ". or .."],
    ["/etc/", "ends in /"],
    ["/", "ends in /"],
    ["/etc//x", "ends in /"],
    ["/etc/x\0", "NUL"],
    ["/proc/sys/kernel/core_pattern", "/proc"],
    ["/sys/x", "/sys"],
    ["/dev/sda", "/dev"],
    ["/run/docker.sock", "/run/docker.sock"],
    ["/app/env.yml", "/app/env.yml"],
    ["/run/active-env.yml", "/run/active-env.yml"],
    ["/run/appliance/slices/x", "/run/appliance"],
    ["/var/lib/appliance/secrets/x", "/var/lib/appliance"],
    ["/var/lib/docker/x", "/var/lib/docker"],
  ])("refuses %j", (path, why) => {
    expect(refusalOf(path)).toContain(why);
  });

  it.each([
    "/etc/cron.d/job",
    "/app/etc/hooks/start",
    "/root/.ssh/known_hosts",
    "/run/appliance-own",
    "/devel/x",
    "/a/..b",
  ])("allows %j", (path) => {
    expect(refusalOf(path)).toBeUndefined();
  });
});

describe("arguments", () => {
  it.each(["qrcode", "g++", "libstdc++6", "python3.13", "0ad"])("%s is a package", (name) => {
    expect(() => assertPackages([name])).not.toThrow();
  });

  it.each(["-y", "--option", "curl-", "Curl", "a b", "a;b", "$(id)", "", "a/b", "../x.deb", "curl=1", "a\nb", "ä"])(
    "%j is no package, or would tell apt something else",
    (name) => {
      expect(() => assertPackages(["curl", name])).toThrow(/not the name of a package/);
    },
  );

  it.each(["clinic", "clinic.example.org", "a-1.b"])("%s is a host name", (name) => {
    expect(() => assertHostname(name)).not.toThrow();
  });

  it.each(["", "-a", "a-", "a..b", "a b", "a\n127.0.0.1 x", "a_b", "x".repeat(65), "a."])(
    "%j is no host name",
    (name) => {
      expect(() => assertHostname(name)).toThrow(/not a host name/);
    },
  );

  it.each(["docker", "-H.service", "a b.service", "../x.service", "x.slice"])(
    "%j is no unit that may be acted on",
    (unit) => {
      expect(() => assertUnit(unit)).toThrow(/not the name of a unit/);
    },
  );

  it("an environment has names that shells know, and values that can be passed", () => {
    expect(() => assertEnvironment({ APPLIANCE_DOMAIN: "x\ny", _a1: "" })).not.toThrow();
    for (const env of [{ "A-B": "" }, { "": "" }, { "1A": "" }, { "A\nB": "" }, { A: "x\0" }] as Record<
      string,
      string
    >[])
      expect(() => assertEnvironment(env)).toThrow(/environment/);
  });

  it.each(["", "../x", "a/b", "-x", "a b", "x".repeat(65)])("%j names no work", (id) => {
    expect(() => assertTaskId(id)).toThrow(/cannot name host work/);
  });
});
