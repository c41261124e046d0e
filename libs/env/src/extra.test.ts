import { describe, expect, it } from "vitest";
import { problemsOf } from "./testing/parse.ts";

const extra = (lines: string) => `#cloud-config\nappliance:\n  domain: ecs.example\n  extra:\n${lines}`;
const file = (path: string, more = "") => `    files: [{path: ${JSON.stringify(path)}, contents: x${more}}]\n`;

describe("a file of one's own", () => {
  it.each([
    "relative/path",
    "../x",
    "/etc/../shadow",
    "/etc/./x",
    "/etc/cron.d/",
    "/",
    "/etc//x",
    "/proc/sys/kernel/core_pattern",
    "/sys/x",
    "/dev/sda",
    "/run/appliance/slices/x",
    "/run/docker.sock",
    "/var/run/docker.sock",
    "/var/lib/appliance/x",
    "/var/lib/docker/x",
    "/app/env.yml",
    `/etc/${"x".repeat(300)}`,
    `/${"x/".repeat(2100)}x`,
  ])("is refused at %j", (path) => {
    expect(problemsOf(extra(file(path)))).toEqual([
      expect.stringMatching(/env\.yml:5:20: appliance:extra:files:0:path: /),
    ]);
  });

  it.each(["/etc/cron.d/job", "/app/.env", "/etc/{{x}}", "/etc/Case", "/etc/$(id)", "/etc/ümlaut 🔑", "/etc/-rf"])(
    "may stand at %j, which is taken literally",
    (path) => {
      expect(problemsOf(extra(file(path)))).toEqual([]);
    },
  );

  it.each(["4755", "02755", "0777"])("is warned about with the mode %s", (mode) => {
    expect(problemsOf(extra(file("/usr/local/bin/x", `, permissions: ${mode}`)))).toEqual([
      expect.stringMatching(/^env\.yml:5:\d+: warning: appliance:extra:files:0:permissions: /),
    ]);
  });

  it("is warned about when it decides who may log in", () => {
    expect(problemsOf(extra(file("/root/.ssh/authorized_keys")))).toEqual([
      expect.stringContaining("warning: appliance:extra:files:0:path: decides who may log in"),
    ]);
  });

  it.each(["u+s", "0999", "-1", "rwxr-xr-x", "07777777"])("has no mode %j", (mode) => {
    expect(problemsOf(extra(file("/etc/x", `, permissions: "${mode}"`)))[0]).toContain("must be an octal mode");
  });

  it("is refused when it is there twice, also by the name of a symlink", () => {
    const twice = "    files: [{path: /app/etc/x, contents: a}, {path: /data/etc/x, contents: b}]\n";
    expect(problemsOf(extra(twice))[0]).toContain("'/data/etc/x' is written by 1. file of the list already");
  });

  it("is refused with a name that is no UTF-8", () => {
    const bytes = Buffer.from(extra(file("/etc/NAME")));
    bytes[bytes.indexOf("NAME")] = 0xff;
    expect(problemsOf(bytes)[0]).toMatch(/^env\.yml:5:/);
  });
});

it("says that a package with a version cannot be had", () => {
  expect(problemsOf(extra("    packages: [curl=8.1]\n"))[0]).toContain("'curl=8.1' asks for a version");
});

describe("states", () => {
  it("are refused by name at their place in env.yml", () => {
    const text =
      "    states: |\n      x:\n        pkg.instaled:\n          - name: curl\n      y:\n        file.absent: []\n";
    expect(problemsOf(extra(text))).toEqual([
      expect.stringMatching(
        /^env\.yml:7:9: appliance:extra:states: the state function 'pkg.instaled' is not.*did you mean 'pkg.installed'/,
      ),
      expect.stringMatching(/^env\.yml:10:9: appliance:extra:states: name must be an absolute path/),
    ]);
  });

  it("are refused where they would write what belongs to the system, before anything is done", () => {
    expect(problemsOf(extra("    states: |\n      /var/run/docker.sock:\n        file.absent: []\n"))).toEqual([
      expect.stringMatching(/^env\.yml:7:9: appliance:extra:states: file\.absent is not for \/run\/docker\.sock/),
    ]);
  });

  it("name the line inside of a text that is no literal block", () => {
    expect(problemsOf(extra('    states: "x:\\n  user.present: []\\n"\n'))[0]).toMatch(
      /^env\.yml:5:13: appliance:extra:states: line 2 of it: the state function 'user.present'/,
    );
  });

  it("say that templates are not rendered", () => {
    expect(problemsOf(extra("    states: |\n      {% set x = 1 %}\n"))).toEqual([
      expect.stringMatching(/^env\.yml:6:7: .*Jinja template/),
    ]);
  });

  it("are placed right with Windows line ends", () => {
    const text = extra("    states: |\n      x:\n        a.b: []\n").replaceAll("\n", "\r\n");
    expect(problemsOf(text)[0]).toMatch(/^env\.yml:7:9: /);
  });
});

describe("ssh keys", () => {
  const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE9D8Y9zrDtgNcQwRoOMQm1l2yTnyPcpWjP0fK9hRzUs";
  const base = "#cloud-config\nappliance: {domain: ecs.example}\n";

  it("that are in both lists are warned about: the old one wins", () => {
    const text = `${base}ssh_authorized_keys:\n  - ${KEY} me\nssh_deprecated_keys:\n  - ${KEY} old\n  - any text\n`;
    expect(problemsOf(text)).toEqual([
      expect.stringMatching(/^env\.yml:4:5: warning: ssh_authorized_keys:0: is in ssh_deprecated_keys too/),
    ]);
  });
});
