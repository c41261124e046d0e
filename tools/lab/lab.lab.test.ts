import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "./index.ts";

const BASE = "debian:trixie-slim";

describe("a virtual host", () => {
  let host: Host;
  let other: Host;

  beforeAll(async () => {
    [host, other] = await Promise.all([
      startHost({ name: "lab-one", images: [BASE] }),
      startHost({ name: "lab-two", images: [BASE] }),
    ]);
  });
  afterAll(async () => {
    await host?.remove();
    await other?.remove();
  });

  it("runs containers of an image of this machine in an engine of its own, whatever another host does to that image", async () => {
    await other.exec(["docker", "run", "--rm", BASE, "rm", "/etc/debian_version"]);
    await expect(other.exec(["sh", "-c", "rm /var/lib/docker/overlay2/*/diff/etc/debian_version"])).rejects.toThrow(
      "Read-only file system",
    );
    await other.exec(["docker", "image", "rm", BASE]);
    await host.exec(["systemctl", "restart", "docker"]);
    const { stdout } = await host.exec(["docker", "run", "--rm", BASE, "cat", "/etc/debian_version"]);
    expect(stdout).toMatch(/^13/);
  });

  it("brings a container back after a reboot, with /run emptied", async () => {
    const sleeper = ["docker", "run", "-d", "--restart=unless-stopped", "--name=sleeper", BASE, "sleep", "infinity"];
    await host.exec(sleeper);
    await host.exec(["touch", "/run/before", "/var/before"]);
    await host.reboot();
    const { stdout } = await host.exec(["docker", "ps", "--format={{.Names}}"]);
    expect(stdout.trim()).toBe("sleeper");
    expect((await host.exec(["ls", "/run/before"], { allowFailure: true })).code).not.toBe(0);
    await host.exec(["ls", "/var/before"]);
  });

  it("comes back by itself when something inside asks for a reboot", async () => {
    const before = await bootTime(host);
    await host.exec(["systemctl", "--no-block", "reboot"], { allowFailure: true });
    await expect.poll(() => bootTime(host), { timeout: 60_000, interval: 500 }).not.toBe(before);
    await host.waitForBoot();
  });

  it("starts again after a power cut", async () => {
    await host.cutPower();
    const { stdout } = await host.exec(["docker", "ps", "--format={{.Names}}"]);
    expect(stdout.trim()).toBe("sleeper");
  });

  it("reaches another host by name until its network is cut", async () => {
    const lookUp = () => other.exec(["ping", "-c1", "lab-one.test"], { allowFailure: true, timeoutMs: 5_000 });
    expect((await lookUp()).code).toBe(0);
    await other.cutNetwork();
    expect((await lookUp()).code).not.toBe(0);
    await other.joinNetwork();
    expect((await lookUp()).code).toBe(0);
  });

  it("gets the files of a checkout without what git ignores", async () => {
    await other.copyIn(process.cwd(), "/app/appliance");
    await other.exec(["test", "-x", "/app/appliance/deploy/engine.sh"]);
    expect((await other.exec(["ls", "/app/appliance/node_modules"], { allowFailure: true })).code).not.toBe(0);
  });

  it("reports what a failing program said", async () => {
    await expect(other.exec(["ls", "/nowhere"])).rejects.toThrow("No such file or directory");
  });

  it("ends a program that takes too long, inside too", async () => {
    await expect(other.exec(["sleep", "987"], { timeoutMs: 1_000 })).rejects.toThrow("code 124");
    const { stdout } = await other.exec(["ps", "-e", "-o", "args="]);
    expect(stdout).not.toContain("sleep 987");
  });
});

/** A new boot has a new process 1; empty while the host is down. */
async function bootTime(host: Host): Promise<string> {
  const { stdout } = await host.exec(["stat", "--format=%Y", "/proc/1"], { allowFailure: true, timeoutMs: 5_000 });
  return stdout.trim();
}
