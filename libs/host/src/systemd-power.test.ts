import type { CommandOptions, RunCommand } from "@appliance/command";
import { CommandError } from "@appliance/command";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSystemdPower, environmentFile, lastingUnit, waitingUnit } from "./systemd-power.ts";

const ENTER = ["-t", "1", "-m", "-u", "-i", "-n", "-p", "--"];

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "host-"));
  mkdirSync(join(root, "run"));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Stands for the programs of a host; what is asked of them is kept. */
function recorder(answer: (args: readonly string[], options: CommandOptions) => void = () => undefined) {
  const calls: string[][] = [];
  const run: RunCommand = async (program, args, options) => {
    calls.push([program, ...args]);
    answer(args, options);
    return { exitCode: 0, stdout: "", stderr: "", cutBytes: { stdout: 0, stderr: 0 }, durationMs: 1 };
  };
  return { run, calls };
}

describe("the arguments of a unit", () => {
  it("waits for a unit that systemd bounds in time and forgets afterwards", () => {
    expect(waitingUnit("appliance-mounts-1", { seconds: 90 }, ["umount", "--", "/mnt/a b"])).toEqual([
      "systemd-run",
      "--unit=appliance-mounts-1",
      "--quiet",
      "--collect",
      "--wait",
      "--pipe",
      "--service-type=exec",
      "--property=RuntimeMaxSec=90",
      "--",
      "umount",
      "--",
      "/mnt/a b",
    ]);
  });

  it("does not wait for a unit that is to outlast the agent, nor bounds it", () => {
    expect(lastingUnit("appliance-packages-7", ["/bin/sh", "work.sh"])).toEqual([
      "systemd-run",
      "--unit=appliance-packages-7",
      "--quiet",
      "--collect",
      "--service-type=exec",
      "--",
      "/bin/sh",
      "work.sh",
    ]);
  });

  it("keeps a dollar from being expanded by the manager", () => {
    expect(waitingUnit("u", { seconds: 1 }, ["echo", "$HOME ${PATH} $$"]).at(-1)).toBe("$$HOME $${PATH} $$$$");
  });

  it("keeps the server of a FUSE file system alive after mount has ended", () => {
    expect(waitingUnit("u", { seconds: 1, keepChildren: true }, ["mount"])).toContain("--property=KillMode=process");
  });

  it("quotes what has a meaning in an environment file", () => {
    expect(environmentFile({ A: 'x"y\\z`$HOME', B: "line 1\nline 2" })).toBe(
      'A="x\\"y\\\\z\\`\\$HOME"\nB="line 1\nline 2"\n',
    );
  });
});

describe("createSystemdPower", () => {
  it("shows an environment neither in the arguments nor, afterwards, anywhere else", async () => {
    let content = "";
    const { run, calls } = recorder((args) => {
      const property = args.find((arg) => arg.startsWith("--property=EnvironmentFile="));
      content = readFileSync(root + property?.slice("--property=EnvironmentFile=".length), "utf8");
    });
    const power = createSystemdPower({ run, root });
    await power.run("program", "/bin/sh", ["-s"], { env: { PASSWORD: "hunter22" }, input: "true", timeoutMs: 1_000 });
    expect(content).toBe('PASSWORD="hunter22"\n');
    expect(JSON.stringify(calls)).not.toContain("hunter22");
    expect(readdirSync(join(root, "run/appliance/host"))).toEqual([]);
  });

  it("counts the environment as secret, since the program that is started here does not get it", async () => {
    let secrets: string[] = [];
    const { run } = recorder((_args, options) => {
      secrets = [...(options.secrets ?? [])];
    });
    await createSystemdPower({ run, root }).run("program", "true", [], { env: { P: "hunter22" }, timeoutMs: 1 });
    expect(secrets).toEqual(["hunter22"]);
  });

  it.each(["COMMAND_TIMEOUT", "COMMAND_ABORTED"])("stops the unit itself on %s", async (code) => {
    const { run, calls } = recorder((args) => {
      if (args.includes("systemd-run")) throw new CommandError(code, "stopped", { remedy: "" });
    });
    const power = createSystemdPower({ run, root });
    await expect(power.run("mounts", "mount", [], { timeoutMs: 1 })).rejects.toMatchObject({ code });
    const unit = calls[0]?.find((arg) => arg.startsWith("--unit="))?.slice("--unit=".length);
    expect(calls[1]).toEqual(["nsenter", ...ENTER, "systemctl", "stop", `${unit}.service`]);
  });

  it("tells a host that cannot be entered from a program that failed there", async () => {
    const failing = (stderrTail: string) =>
      recorder(() => {
        throw new CommandError("COMMAND_FAILED", "nsenter ended with exit code 1", { remedy: "", stderrTail });
      }).run;
    const observe = (stderr: string) => createSystemdPower({ run: failing(stderr), root }).observe("uname", ["-n"]);
    await expect(observe("nsenter: reassociate to namespaces failed: Operation not permitted")).rejects.toMatchObject({
      code: "HOST_UNREACHABLE",
      message: expect.stringContaining("Operation not permitted"),
    });
    await expect(observe("nsenter: failed to execute uname: No such file")).rejects.toMatchObject({
      code: "COMMAND_FAILED",
    });
    await expect(observe("uname: bad option")).rejects.toMatchObject({ code: "COMMAND_FAILED" });
  });

  it("looks without a unit, and gives each act a name of its own", async () => {
    const { run, calls } = recorder();
    const power = createSystemdPower({ run, root });
    await power.observe("uname", ["-n"]);
    expect(calls[0]).toEqual(["nsenter", ...ENTER, "uname", "-n"]);
    await power.run("mounts", "true", [], { timeoutMs: 1 });
    await power.run("mounts", "true", [], { timeoutMs: 1 });
    expect(
      new Set(calls.slice(1).map((call) => call.find((arg) => arg.startsWith("--unit=appliance-mounts-")))).size,
    ).toBe(2);
  });
});
