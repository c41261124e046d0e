/** The real sshd looks at its settings below a root folder; only its reload is recorded, since none runs there. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { HostPower } from "./power.ts";
import { createHostSshServer } from "./ssh-server.ts";

const SETTINGS = "etc/ssh/sshd_config.d/00-appliance.conf";

let root: string;
let acted: string[][];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "sshd-"));
  acted = [];
  for (const folder of ["etc/ssh/sshd_config.d", "run", "etc/sudoers.d"])
    mkdirSync(join(root, folder), { recursive: true });
  mkdirSync("/run/sshd", { recursive: true });
  spawnSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", join(root, "etc/ssh/host_key")]);
  configure(`Include ${root}/etc/ssh/sshd_config.d/*.conf\nPermitRootLogin prohibit-password\n`);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const configure = (text: string) =>
  writeFileSync(join(root, "etc/ssh/sshd_config"), `HostKey ${root}/etc/ssh/host_key\n${text}`);

function server() {
  const power: HostPower = {
    observe: (program, args, options) =>
      runCommand(program, program.endsWith("sshd") ? ["-f", join(root, "etc/ssh/sshd_config"), ...args] : args, {
        timeoutMs: 10_000,
        ...options,
      }),
    run: async (_verb, program, args) => {
      acted.push([program, ...args]);
      return { exitCode: 0, stdout: "", stderr: "", cutBytes: { stdout: 0, stderr: 0 }, durationMs: 1 };
    },
    start: () => Promise.reject(new Error("nothing is started")),
  };
  return createHostSshServer({ power, root, hasUnits: true });
}

describe.runIf(process.getuid?.() === 0)("sshd", () => {
  it("is told to let root in no more, and to let root in again, each once", async () => {
    const ssh = server();
    expect(await ssh.observe()).toEqual({
      rootMayLogIn: true,
      rootByPassword: false,
      forbiddenByUs: false,
      reloadNeeded: false,
    });
    expect([await ssh.forbidRoot(true), await ssh.forbidRoot(true)]).toEqual([true, false]);
    expect(await ssh.observe()).toMatchObject({ rootMayLogIn: false, forbiddenByUs: true, reloadNeeded: false });
    expect([await ssh.forbidRoot(false), await ssh.forbidRoot(false)]).toEqual([true, false]);
    expect(await ssh.observe()).toMatchObject({ rootMayLogIn: true, forbiddenByUs: false });
    const reload = ["systemctl", "try-reload-or-restart", "ssh.service"];
    expect(acted).toEqual([reload, reload]);
  });

  it("keeps its settings when they would be refused, and is not reloaded", async () => {
    configure(`Include ${root}/etc/ssh/sshd_config.d/*.conf\nNoSuchSetting yes\n`);
    await expect(server().forbidRoot(true)).rejects.toMatchObject({ code: "SSHD_REFUSED" });
    expect([existsSync(join(root, SETTINGS)), acted]).toEqual([false, []]);
    expect(await server().observe()).toMatchObject({ rootMayLogIn: undefined, forbiddenByUs: false });
  });

  it("is not claimed to keep root out when its settings are not read", async () => {
    configure("PermitRootLogin yes\n");
    await expect(server().forbidRoot(true)).rejects.toMatchObject({
      code: "SSHD_REFUSED",
      message: expect.stringContaining("has no effect"),
    });
    expect(existsSync(join(root, SETTINGS))).toBe(false);
  });

  it("says where a password is enough to become root", async () => {
    configure("PermitRootLogin yes\n");
    expect(await server().observe()).toMatchObject({ rootMayLogIn: true, rootByPassword: true });
    configure("PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n");
    expect(await server().observe()).toMatchObject({ rootMayLogIn: true, rootByPassword: false });
  });

  it("is reloaded by the next run when the one before was cut off between settings and reload", async () => {
    await server().forbidRoot(true);
    mkdirSync(join(root, "run/appliance"), { recursive: true });
    writeFileSync(join(root, "run/appliance/ssh-reload"), "");
    expect(await server().observe()).toMatchObject({ reloadNeeded: true });
    expect(await server().forbidRoot(true)).toBe(true);
    expect([acted.length, await server().observe()]).toEqual([2, expect.objectContaining({ reloadNeeded: false })]);
    expect(readFileSync(join(root, SETTINGS), "utf8")).toContain("PermitRootLogin no");
  });

  it("knows who could log in instead: users with a shell who may become root", async () => {
    const account = (name: string, id: number, shell: string) => `${name}:x:${id}:${id}::/home/${name}:${shell}\n`;
    const accounts = [
      ["root", 0],
      ["ada", 1000],
      ["bob", 1001],
      ["eve", 1002],
      ["ubuntu", 1003],
    ] as const;
    writeFileSync(
      join(root, "etc/passwd"),
      `${accounts.map(([name, id]) => account(name, id, "/bin/bash")).join("")}${account("svc", 1004, "/usr/sbin/nologin")}`,
    );
    writeFileSync(join(root, "etc/group"), "sudo:x:27:ada,svc\nwheel:x:1001:\n");
    writeFileSync(join(root, "etc/sudoers.d/90-cloud-init-users"), "# User rules\nubuntu ALL=(ALL) NOPASSWD:ALL\n");
    expect(await server().administrators()).toEqual(["ada", "bob", "ubuntu"]);
  });
});
