import { describe, expect, it } from "vitest";
import { formatProblem, parseEnv } from "./index.ts";

interface File {
  path?: string;
  contents?: string;
  owner?: string;
  permissions?: string;
}

function parseFiles(...files: File[]) {
  const data = { appliance: { domain: "a.example", extra: { files } } };
  const { env, problems } = parseEnv(Buffer.from(`#cloud-config\n${JSON.stringify(data)}\n`), { file: "env.yml" });
  return { files: env?.appliance.extra.files, says: problems.map(formatProblem).join("\n") };
}

describe("a path of extra.files", () => {
  const name = "must name a file, without";
  it.each([
    ["../etc/passwd", "must be an absolute path"],
    ["etc/passwd", "must be an absolute path"],
    [".env", "must be an absolute path"],
    ["~/.ssh/authorized_keys", "must be an absolute path"],
    ["C:\\windows", "must be an absolute path"],
    ["/", name],
    ["/etc/", name],
    ["/etc/.", name],
    ["/etc/..", name],
    ["/a/../../etc/shadow", name],
    ["/a/./b", name],
    ["//etc/x", name],
    ["/dev/sda", "/dev belongs to the system"],
    ["/dev", "/dev belongs to the system"],
    ["/proc/sys/kernel/core_pattern", "/proc belongs to the system"],
    ["/sys/power/state", "/sys belongs to the system"],
    ["/run/docker.sock", "belongs to the system"],
    ["/var/run/docker.sock", "belongs to the system"],
    ["/run/appliance/slices/config-agent/env.json", "/run/appliance belongs to the system"],
    ["/var/lib/appliance/lease/x", "/var/lib/appliance belongs to the system"],
    ["/app/env.yml", "/app/env.yml belongs to the system"],
    [`/${"n".repeat(256)}`, "a name of more than 255"],
    [`/${"ü".repeat(128)}`, "a name of more than 255"],
    [`/${"d/".repeat(2048)}x`, "longer than 4095"],
    ["/etc/a\nb", "must be one line"],
    ["/etc/a\u0000b", "control character U+0000"],
    ["/etc/a\u202eb", "invisible character U+202E"],
    ["", "is missing"],
  ])("that leads astray is refused: %j", (path, says) => {
    const parsed = parseFiles({ path, contents: "x" });
    expect(parsed.files).toBeUndefined();
    expect(parsed.says).toContain(says);
  });

  it.each([
    "/etc/cron.d/job",
    "/root/.ssh/authorized_keys",
    "/etc/$(id)",
    "/etc/a b",
    "/etc/.env",
    "/processed",
    "/app/.env",
  ])("is taken to the letter where env.yml may write: %s", (path) => {
    expect(parseFiles({ path, contents: "x" }).files?.[0]?.path).toBe(path);
  });

  it("stands for one file only", () => {
    const twice = parseFiles({ path: "/etc/a", contents: "x" }, { path: "/etc/a", contents: "y" });
    expect(twice.says).toContain("extra:files:1:path: '/etc/a' is written by 1. file of the list already");
    expect(parseFiles({ path: "/etc/a", contents: "x" }, { path: "/etc/A", contents: "y" }).files).toHaveLength(2);
  });
});

describe("contents, owner and mode of extra.files", () => {
  it.each(["{{7*7}}", "$(id)", "${HOME}", "YWJj=== no base64", "a\r\nb", "\ttab\n\n", "\n"])(
    "contents are taken to the letter: %j",
    (contents) => {
      expect(parseFiles({ path: "/etc/a", contents }).files?.[0]?.contents).toBe(contents);
    },
  );

  it("contents beyond the size of a whole env.yml are refused", () => {
    expect(parseFiles({ path: "/etc/a", contents: "x".repeat(2 ** 20) }).says).toContain("262144 are allowed");
  });

  it.each(["u+s", "rwxr-xr-x", "0999", "-1", "77777"])("the mode %s is refused", (permissions) => {
    expect(parseFiles({ path: "/etc/a", contents: "x", permissions }).files).toBeUndefined();
  });

  it.each([
    ["4755", "act as its owner (setuid, setgid)"],
    ["2755", "act as its owner (setuid, setgid)"],
    ["0777", "lets every program of the host change the file"],
  ])("the mode %s is taken, and told", (permissions, says) => {
    const parsed = parseFiles({ path: "/etc/a", contents: "x", permissions });
    expect(parsed.files?.[0]?.permissions).toBe(Number.parseInt(permissions, 8));
    expect(parsed.says).toContain(says);
  });

  it.each(["root", "root:root", "0", "0:0", "www-data:adm"])("the owner %s is taken", (owner) => {
    expect(parseFiles({ path: "/etc/a", contents: "x", owner }).files?.[0]?.owner).toBe(owner);
  });

  it.each(["root root", "$(id)", "-R", ":", "a:b:c", "root;id", "--reference=/etc/shadow"])(
    "the owner %s is refused",
    (owner) => {
      expect(parseFiles({ path: "/etc/a", contents: "x", owner }).files).toBeUndefined();
    },
  );
});
