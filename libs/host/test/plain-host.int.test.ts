import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const BASE = "debian:trixie-slim";
const docker = (...args: string[]) => spawnSync("docker", args, { encoding: "utf8", timeout: 180_000 });
const hasEngine = docker("image", "inspect", BASE).status === 0;

/** What compose names for config-agent on any host, and what more a host without systemd needs. */
const ANY_HOST = ["SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "CHOWN", "DAC_OVERRIDE", "FOWNER"];
const FOR_APT = [...ANY_HOST, "FSETID", "SETUID", "SETGID", "SETFCAP", "KILL", "MKNOD"];

const checkout = join(import.meta.dirname, "../../..");
const node = realpathSync(process.execPath);
const host = `host-test-${process.pid}`;

/**
 * Runs `body`, the agent, in a container that shares the process namespace of another one, which stands for a host without
 * systemd: process 1, its files, its cgroups and its name are that one's.
 */
function asAgent(body: string, capabilities = ANY_HOST): string {
  const library = JSON.stringify(join(checkout, "libs/host/src/index.ts"));
  const command = JSON.stringify(join(checkout, "libs/command/src/index.ts"));
  const source = `import { createPlainHost } from ${library}; import { runCommand } from ${command};
    const host = createPlainHost({ run: runCommand });
    const print = (...what) => console.log(...what.map((each) => typeof each === "string" ? each : JSON.stringify(each)));
    try { ${body} } catch (error) { print(error.code ?? "bug", error.message); }`;
  const options = ["--rm", "--init", `--pid=container:${host}`, "--memory=300m", "--cap-drop=ALL", "--read-only"];
  const powers = capabilities.map((capability) => `--cap-add=${capability}`);
  const unconfined = ["--security-opt=apparmor=unconfined", "--security-opt=seccomp=unconfined"];
  const volumes = [`--volume=${checkout}:${checkout}:ro`, `--volume=${node}:/usr/local/bin/node:ro`];
  const program = [BASE, "/usr/local/bin/node", "--input-type=module", "-e", source];
  const run = docker("run", ...options, ...powers, ...unconfined, ...volumes, ...program);
  if (run.status !== 0) throw new Error(run.stderr);
  return run.stdout.trimEnd();
}

const hasMirror = () =>
  docker("exec", host, "apt-get", "-qq", "-o", "APT::Update::Error-Mode=any", "update").status === 0;
const onHost = (...command: string[]) => docker("exec", host, ...command).stdout.trimEnd();

describe.runIf(hasEngine)("a host without systemd", { timeout: 240_000 }, () => {
  beforeAll(() => {
    const powers = ["--cap-add=ALL", "--security-opt=seccomp=unconfined", "--security-opt=apparmor=unconfined"];
    const place = ["--detach", `--name=${host}`, "--volume=/sys/fs/cgroup:/sys/fs/cgroup:rw"];
    const start = [...powers, ...place, BASE, "sleep", "900"];
    // A machine may not have this one: an old engine must be told so, a new one refuses to drop it there.
    let started = docker("run", "--cap-drop=SYS_RESOURCE", ...start);
    if (started.stderr.includes("invalid CapDrop")) started = docker("run", ...start);
    if (started.status !== 0) throw new Error(started.stderr);
  });
  afterAll(() => void docker("rm", "-f", host));

  it("runs the operator's program as the host's root, outside of the container's limits", () => {
    const text = "id -u; uname -n; grep :memory: /proc/self/cgroup || cat /proc/self/cgroup; cat /etc/debian_version";
    const seen = asAgent(
      `print((await host.program.run({ text: ${JSON.stringify(text)} }, { timeoutMs: 10_000 })).stdout)`,
    );
    const expected = onHost("sh", "-c", text);
    expect(seen.trim()).toBe(expected);
  });

  it("hands the environment over unseen and unchanged", () => {
    const value = "a 'b' \"c\" $HOME `id` \\ %n\nsecond line";
    const run = `await host.program.run({ text: "printenv VALUE" }, { timeoutMs: 10_000, env: { VALUE: ${JSON.stringify(value)} } })`;
    expect(asAgent(`print((${run}).stdout)`).trimEnd()).toBe(value);
  });

  it("ends the operator's program and what it started when the time is over", () => {
    asAgent(`await host.program.run({ text: "sleep 777 & sleep 778" }, { timeoutMs: 500 })`);
    expect(onHost("sh", "-c", "cat /proc/[0-9]*/cmdline | tr '\\\\0' ' ' | grep -c 'sleep 77[78]'")).toBe("0");
  });

  it("mounts and unmounts on the host, each once", () => {
    const wanted = `{ type: "tmpfs", source: "none", target: "/mnt/new folder", options: "size=1m,mode=0700" }`;
    const listed = `(await host.mounts.list()).filter((m) => m.target === "/mnt/new folder").map((m) => m.type)`;
    expect(asAgent(`print(await host.mounts.mount(${wanted}), await host.mounts.mount(${wanted}), ${listed})`)).toBe(
      'true false ["tmpfs"]',
    );
    expect(onHost("stat", "--format=%a", "/mnt/new folder")).toBe("700");
    const unmount = `await host.mounts.unmount("/mnt/new folder")`;
    expect(asAgent(`print(${unmount}, ${unmount}, ${listed})`)).toBe("true false []");
  });

  it("renames the host, though its files are mounts that cannot be replaced", () => {
    const set = `await host.hostname.set("clinic.example.org")`;
    expect(
      asAgent(
        `print(await host.hostname.observe() !== "clinic.example.org", ${set}, ${set}, await host.hostname.observe())`,
      ),
    ).toBe("true true false clinic.example.org");
    expect(onHost("cat", "/etc/hostname")).toBe("clinic.example.org");
    expect(onHost("grep", "127.0.1.1", "/etc/hosts")).toBe("127.0.1.1\tclinic.example.org clinic");
    expect(onHost("uname", "-n")).toBe("clinic.example.org");
  });

  it("writes files with owners of the host, through its own symlinks and not the container's", () => {
    onHost("sh", "-c", "mkdir -p /data/etc /app && ln -s /data/etc /app/etc");
    const file = `{ path: "/app/etc/server.cert.pem", content: "pem", mode: 0o640, owner: "www-data:games" }`;
    expect(asAgent(`print(await host.files.write(${file}), await host.files.write(${file}))`)).toBe("true false");
    expect(onHost("stat", "--format=%U:%G %a", "/data/etc/server.cert.pem")).toBe("www-data:games 640");
  });

  it("says that it cannot be entered when the container lacks the capabilities", () => {
    expect(asAgent("await host.facts()", [])).toMatch(/^HOST_UNREACHABLE the host cannot be entered/);
  });

  it("says that it has no units", () => {
    expect(asAgent(`print(host.whyUnavailable("units")); await host.units.start("docker.service")`)).toMatch(
      /^this host is not run by systemd.*\nHOST_VERB_UNAVAILABLE units/,
    );
  });

  it("installs packages by work that outlives the agent, repairs what was cut off, and reports it to the next agent", async () => {
    if (!hasMirror()) return;
    onHost("sh", "-c", "cd /tmp && apt-get -qq download hello && dpkg --unpack hello_*.deb");
    const before = `await host.packages.observe(["hello", "tzdata", "no-such-package"])`;
    expect(asAgent(`print([...${before}].map(([name, version]) => [name, version !== undefined]))`)).toBe(
      '[["hello",false],["tzdata",true],["no-such-package",false]]',
    );
    const start = `await host.packages.start("task-1", { action: "install", names: ["hello", "sl"] })`;
    expect(asAgent(`${start}; ${start}; print((await host.packages.poll("task-1")).state)`, FOR_APT)).toBe("running");
    const ended = () =>
      asAgent(
        `const t = await host.packages.poll("task-1"); print(t.state, t.exitCode ?? "", t.state === "done" && t.exitCode ? t.output : "")`,
      );
    await expect.poll(ended, { timeout: 120_000, interval: 2_000 }).toBe("done 0");
    expect(onHost("hello")).toBe("Hello, world!");
    expect(asAgent(`await host.packages.forget("task-1"); print((await host.packages.poll("task-1")).state)`)).toBe(
      "absent",
    );
  });

  it("reports work that was killed as interrupted, and finishes it when it is started again", async () => {
    if (!hasMirror()) return;
    const folder = "/var/lib/appliance/host-tasks/task-2";
    const start = () =>
      asAgent(`await host.packages.start("task-2", { action: "install", names: ["no-such-package"] })`, FOR_APT);
    start();
    onHost("sh", "-c", "for p in /proc/[0-9]*; do grep -qs task-2 $p/cmdline && kill -9 ${p#/proc/}; done");
    onHost("touch", "--date=1 hour ago", `${folder}/task.sh`);
    expect(asAgent(`print((await host.packages.poll("task-2")).state)`)).toBe("interrupted");
    start();
    const ended = () =>
      asAgent(`const task = await host.packages.poll("task-2"); print(task.state, task.exitCode, task.output)`);
    await expect.poll(ended, { timeout: 60_000, interval: 2_000 }).toMatch(/^done 100 [^]*no-such-package/);
  });
});
