import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const PREFLIGHT = join(import.meta.dirname, "../preflight.sh");
const RELEASED_AT = 1_795_305_600;

/** What the host answers; each test changes what it is about. A healthy Debian 13 with sshd. */
const healthy = {
  osRelease: 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian GNU/Linux 13"\n',
  memoryKb: 8_000_000,
  freeKb: 50_000_000,
  uid: 0,
  now: RELEASED_AT + 86_400,
  listening: { 22: "sshd" } as Record<number, string>,
  routes: ["default via 192.0.2.1 dev eth0", "192.0.2.0/24 dev eth0 proto kernel scope link src 192.0.2.2"],
  addresses: ["1: lo    inet 127.0.0.1/8 scope host lo", "2: eth0    inet 192.0.2.2/24 scope global eth0"],
  users: "root:x:0:0::/root:/bin/sh\n",
};
type Facts = typeof healthy;

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "preflight-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

/** Runs the real script; only the programs that tell it about the host are replaced. */
function preflight(changes: Partial<Facts> = {}, args: string[] = [], settings: NodeJS.ProcessEnv = {}) {
  const facts = { ...healthy, ...changes };
  writeHost(facts);
  const env = {
    PATH: `${dir}/bin:${process.env["PATH"]}`,
    SYSROOT: dir,
    RELEASED_AT: String(RELEASED_AT),
    ...settings,
  };
  const { status, stdout, stderr } = spawnSync("sh", [PREFLIGHT, ...args], { env, encoding: "utf8", timeout: 20_000 });
  expect(stderr).toBe("");
  return { status, stdout };
}

function writeHost(facts: Facts) {
  for (const folder of ["bin", "etc", "proc"]) mkdirSync(join(dir, folder), { recursive: true });
  writeFileSync(join(dir, "etc/os-release"), facts.osRelease);
  writeFileSync(join(dir, "etc/passwd"), facts.users);
  writeFileSync(join(dir, "proc/meminfo"), `MemTotal:  ${facts.memoryKb} kB\nMemFree: 1 kB\n`);
  program("id", `echo ${facts.uid}`);
  program("df", `printf 'Filesystem 1024-blocks Used Available\\n/dev/vda 0 0 ${facts.freeKb} 0%% /\\n'`);
  program("date", `case "$*" in *%s*) echo ${facts.now} ;; *) echo 1970-01-01 ;; esac`);
  program(
    "ip",
    `case "$*" in *route*) cat <<'E'\n${facts.routes.join("\n")}\nE\n;; *) cat <<'E'\n${facts.addresses.join("\n")}\nE\n;; esac`,
  );
  program("ss", `case "$*" in ${Object.entries(facts.listening).map(listener).join("\n")} esac`);
}

function listener([port, name]: [string, string]) {
  return `*:${port}) echo 'LISTEN 0 9 0.0.0.0:${port} 0.0.0.0:* users:(("${name}",pid=9,fd=6))' ;;`;
}

function program(name: string, body: string) {
  writeFileSync(join(dir, "bin", name), `#!/bin/sh\n${body}\n`);
  chmodSync(join(dir, "bin", name), 0o755);
}

describe("preflight", () => {
  it("says nothing about a host that has all that is needed", () => {
    expect(preflight()).toEqual({ status: 0, stdout: "" });
  });

  it("says everything that is in the way at once", () => {
    const { status, stdout } = preflight({
      memoryKb: 2_000_000,
      freeKb: 1_000_000,
      listening: { 80: "apache2", 443: "apache2" },
      now: 86_400,
      users: "admin:x:5000:5000::/home/admin:/bin/sh\n",
    });
    expect(status).toBe(1);
    for (const part of [
      "1953 MB of memory",
      "/ has 0 GB free",
      "port 80 is used by apache2",
      "port 443",
      "before this version",
      "belongs to admin",
    ])
      expect(stdout).toContain(part);
  });

  it("refuses the port of an agent that another program has, until another one is chosen", () => {
    const { status, stdout } = preflight({ listening: { 7303: "python3" } });
    expect(status).toBe(1);
    expect(stdout).toContain("port 7303, which an agent needs, is used by python3");
    expect(preflight({ listening: { 7303: "python3" } }, [], { APPLIANCE_CERT_AGENT_PORT: "7399" }).status).toBe(0);
  });

  it("goes on with a warning where --force says so", () => {
    const { status, stdout } = preflight({ memoryKb: 2_000_000 }, ["--force"]);
    expect(status).toBe(0);
    expect(stdout).toContain("warning: there are 1953 MB of memory");
  });

  it("refuses without root even with --force, and checks nothing then", () => {
    const { status, stdout } = preflight({ uid: 1000, memoryKb: 1 }, ["--force"]);
    expect(status).toBe(1);
    expect(stdout).toContain("needs root");
    expect(stdout).not.toContain("memory");
  });

  it("only warns about a system it was not tested on, and about ports that only mail needs", () => {
    const fedora = 'ID=fedora\nVERSION_ID=44\nPRETTY_NAME="Fedora Linux 44"\n';
    const { status, stdout } = preflight({ osRelease: fedora, listening: { 25: "exim4" } });
    expect(status).toBe(0);
    expect(stdout).toContain("warning: Fedora Linux 44");
    expect(stdout).toContain("warning: port 25 is used by exim4");
  });

  it.each(["10.0.0.0/8", "10.73.4.0/24", "10.73.9.9"])("refuses a host that reaches %s elsewhere", (route) => {
    const { status, stdout } = preflight({ routes: [`${route} via 192.0.2.1 dev eth0`] });
    expect(status).toBe(1);
    expect(stdout).toContain(`the host reaches ${route}`);
    expect(stdout).toContain("APPLIANCE_SUBNET");
  });

  it.each(["10.72.0.0/16", "10.74.0.0/15", "172.16.0.0/12"])("accepts a host that reaches %s elsewhere", (route) => {
    expect(preflight({ routes: [`${route} via 192.0.2.1 dev eth0`] }).status).toBe(0);
  });

  it("accepts the colliding network once another one is chosen for the appliance", () => {
    const routes = ["10.73.0.0/16 via 192.0.2.1 dev eth0"];
    expect(preflight({ routes }, [], { APPLIANCE_SUBNET: "10.80" }).status).toBe(0);
  });

  it.each(["172.17.3.4", "10.0.3.20"])("refuses the address %s, which containers use", (address) => {
    const { status, stdout } = preflight({ addresses: [`2: eth0    inet ${address}/24 scope global eth0`] });
    expect(status).toBe(1);
    expect(stdout).toContain(`address ${address} lies in`);
  });

  it("takes no offence at the bridge of the Docker engine itself", () => {
    const addresses = ["3: docker0    inet 172.17.0.1/16 scope global docker0"];
    expect(preflight({ addresses }).status).toBe(0);
  });
});
