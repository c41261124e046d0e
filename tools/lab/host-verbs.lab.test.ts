/** The verbs of @appliance/host on a host that systemd runs, called as config-agent calls them: from a container with few powers. */
import { createReadStream, realpathSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "./index.ts";

const BASE = "debian:trixie-slim";
const checkout = join(import.meta.dirname, "../..");
const POWERS = ["SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "CHOWN", "DAC_OVERRIDE", "FOWNER"];

let lab: Host;

beforeAll(async () => {
  lab = await startHost({ name: `verbs-${process.pid}` });
  await lab.loadImages([BASE]);
  await onHost("mkdir", "-p", "/opt/agent");
  const node = createReadStream(realpathSync(process.execPath));
  await lab.exec(["sh", "-c", "cat > /opt/agent/node && chmod 755 /opt/agent/node"], { input: node });
});
afterAll(() => lab?.remove());

const onHost = async (...command: string[]) => (await lab.exec(command, { allowFailure: true })).stdout.trimEnd();

/** Runs `body` in a container with the capabilities of config-agent; what it prints comes back. */
async function asAgent(body: string): Promise<string> {
  const contents = `import { createSystemdHost } from "@appliance/host"; import { runCommand } from "@appliance/command";
    const host = createSystemdHost({ run: runCommand });
    const print = (...what) => console.log(...what.map((each) => typeof each === "string" ? each : JSON.stringify(each)));
    try { ${body} } catch (error) { print(error.code ?? "bug", error.message); }`;
  const resolveDir = join(checkout, "libs/host");
  const bundled = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    platform: "node",
    format: "esm",
    // Packages in CommonJS want a `require`, which a module does not have.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    write: false,
  });
  const unconfined = ["--security-opt=apparmor=unconfined", "--security-opt=seccomp=unconfined"];
  const capabilities = ["--cap-drop=ALL", ...POWERS.map((capability) => `--cap-add=${capability}`)];
  const limits = [
    "--memory=300m",
    "--read-only",
    "--security-opt=no-new-privileges",
    "--volume=/opt/agent:/opt/agent:ro",
  ];
  const program = [BASE, "/opt/agent/node", "--input-type=module", "-"];
  const command = [
    "docker",
    "run",
    "--rm",
    "-i",
    "--init",
    "--pid=host",
    ...capabilities,
    ...unconfined,
    ...limits,
    ...program,
  ];
  const { stdout } = await lab.exec(command, { input: bundled.outputFiles[0]?.text ?? "", timeoutMs: 120_000 });
  return stdout.trimEnd();
}

describe("the operator's program", () => {
  const run = (text: string, options = "") =>
    `(await host.program.run({ text: ${JSON.stringify(text)} }, { timeoutMs: 20_000, ${options} })).stdout.trimEnd()`;

  it("has all the powers of the host, and none of the container's limits", async () => {
    const text =
      "grep -E 'Cap|NoNewPrivs|Seccomp:' /proc/self/status; uname -n; readlink /proc/self/ns/*; cat /proc/self/cgroup";
    const seen = await asAgent(`print(${run(text)})`);
    const ownUnit = await onHost("systemd-run", "--quiet", "--wait", "--pipe", "--unit=own", "sh", "-c", text);
    expect(seen.replaceAll(/appliance-program-[0-9a-f]+/g, "own")).toBe(ownUnit);
    expect(seen).toMatch(/NoNewPrivs:\s+0/);
  });

  it("gets its environment unchanged, and nobody else sees it", async () => {
    const value = "a 'b' \"c\" $HOME ${PATH} `id` \\ \\n %n #\nsecond line\\";
    const text = "printenv VALUE; systemctl show 'appliance-program-*'; cat /proc/[0-9]*/cmdline | tr '\\0' ' '";
    const seen = await asAgent(`print(${run(text, `env: { VALUE: ${JSON.stringify(value)} }`)})`);
    expect(seen.startsWith(`${value}\n`)).toBe(true);
    expect(seen.slice(value.length)).not.toContain("second line");
    expect(await onHost("ls", "-A", "/run/appliance/host")).toBe("");
  });

  it("reports its own exit code and what it complained about", async () => {
    expect(await asAgent(`await host.program.run({ text: "echo bad >&2; exit 7" }, { timeoutMs: 9_000 })`)).toMatch(
      /^COMMAND_FAILED .*exit code 7: bad/,
    );
  });

  it("is ended, with what it started, when the time is over", async () => {
    const text = "sleep 777 & setsid sleep 778";
    expect(await asAgent(`await host.program.run({ text: "${text}" }, { timeoutMs: 1_000 })`)).toContain(
      "COMMAND_TIMEOUT",
    );
    expect(await onHost("pgrep", "-fx", "sleep 77[78]")).toBe("");
    expect(await onHost("systemctl", "list-units", "--all", "--no-legend", "appliance-*")).toBe("");
  });

  it("may be a hook that root owns, started as it is", async () => {
    await onHost("sh", "-c", "mkdir -p /data/etc/hooks/prepare-ecs.early /app && ln -s /data/etc /app/etc");
    await onHost(
      "sh",
      "-c",
      "printf '#!/bin/sh\\necho hooked by $0' > /data/etc/hooks/prepare-ecs.early/start.sh && chmod 755 /data/etc/hooks/prepare-ecs.early/start.sh",
    );
    expect(
      await asAgent(
        `print((await host.program.run({ hook: "prepare-ecs.early/start.sh" }, { timeoutMs: 9_000 })).stdout)`,
      ),
    ).toBe("hooked by /data/etc/hooks/prepare-ecs.early/start.sh");
  });
});

it("mounts on the host, with arguments that systemd would expand", async () => {
  const wanted = `{ type: "tmpfs", source: "no$HOME\${PATH}%n", target: "/mnt/new folder", options: "size=1m" }`;
  const listed = `(await host.mounts.list()).filter((m) => m.target === "/mnt/new folder").map((m) => m.source)`;
  expect(await asAgent(`print(await host.mounts.mount(${wanted.replace("${", "\\${")}), ${listed})`)).toBe(
    'true ["no$HOME${PATH}%n"]',
  );
  const unmount = `await host.mounts.unmount("/mnt/new folder")`;
  expect(await asAgent(`print(${unmount}, ${unmount}, ${listed})`)).toBe("true false []");
});

it("leaves the server of a mount alive when mount has ended", async () => {
  const helper = '#!/bin/sh\nmount -i -t tmpfs none "$2"\nsetsid sleep 4242 >/dev/null 2>&1 </dev/null &\n';
  await lab.exec(["sh", "-c", "cat > /sbin/mount.served && chmod 755 /sbin/mount.served"], { input: helper });
  await asAgent(`await host.mounts.mount({ type: "served", source: "x", target: "/mnt/served" })`);
  expect(await onHost("pgrep", "-fx", "sleep 4242")).not.toBe("");
  await onHost("pkill", "-fx", "sleep 4242");
});

it("renames the host", async () => {
  const set = `await host.hostname.set("clinic.example.org")`;
  expect(await asAgent(`print(${set}, ${set}, await host.hostname.observe())`)).toBe("true false clinic.example.org");
  expect(await onHost("hostname", "--fqdn")).toBe("clinic.example.org");
});

it("starts, enables and stops units, each once", async () => {
  const unit = "[Service]\nExecStart=sleep infinity\n[Install]\nWantedBy=multi-user.target\n";
  await lab.exec(["sh", "-c", "cat > /etc/systemd/system/probe.service && systemctl daemon-reload"], { input: unit });
  const act = (verb: string) => `await host.units.${verb}("probe.service")`;
  expect(
    await asAgent(`print(${act("start")}, ${act("start")}, ${act("enable")}, ${act("enable")}, ${act("observe")})`),
  ).toBe('true false true false {"active":true,"enabled":true}');
  expect(await asAgent(`print(${act("stop")}, ${act("stop")}, ${act("observe")})`)).toBe(
    'true false {"active":false,"enabled":true}',
  );
});

it("tells the facts of the host", async () => {
  const facts = JSON.parse(await asAgent("print(await host.facts())"));
  expect(facts).toMatchObject({ systemd: true, os: { id: "debian", version: "13" }, hostname: "clinic.example.org" });
  expect(facts.cores).toBe(Number(await onHost("grep", "-c", "^processor", "/proc/cpuinfo")));
});

describe("packages", () => {
  const start = (id: string) => `await host.packages.start("${id}", { action: "install", names: ["hello"] })`;
  const stateOf = async (id: string) =>
    asAgent(
      `const task = await host.packages.poll("${id}"); print(task.state, task.exitCode ?? ""); if (task.exitCode) print(task.output)`,
    );
  const becomes = (id: string, state: string) =>
    expect.poll(() => stateOf(id).catch(() => "engine restarts"), { timeout: 120_000, interval: 2_000 }).toBe(state);
  const hook = (when: string, command: string) =>
    lab.exec(["sh", "-c", "cat > /etc/apt/apt.conf.d/99probe"], { input: `DPkg::${when} {"${command}";};\n` });

  it("are installed to the end by work that restarts the engine, and so ends its asker", async () => {
    await hook("Post-Invoke", "systemctl restart docker");
    await asAgent(`${start("engine")}; await new Promise((resolve) => setTimeout(resolve, 90_000))`).catch(
      () => "ended by the engine",
    );
    await becomes("engine", "done 0");
    expect(await onHost("hello")).toBe("Hello, world!");
    expect(await asAgent(`print([...await host.packages.observe(["hello"])][0][1] !== undefined)`)).toBe("true");
  });

  it("are reported as interrupted after a power cut, and finished when started again", async () => {
    await onHost("apt-get", "-y", "purge", "hello");
    await hook("Pre-Invoke", "touch /run/reached; sleep 60");
    await asAgent(start("cut"));
    await expect.poll(() => onHost("ls", "/run/reached"), { timeout: 60_000 }).toBe("/run/reached");
    await lab.cutPower();
    await expect.poll(() => stateOf("cut"), { timeout: 60_000, interval: 2_000 }).toBe("interrupted");
    await onHost("rm", "/etc/apt/apt.conf.d/99probe");
    await asAgent(start("cut"));
    await becomes("cut", "done 0");
  });
});

it("reboots the host", async () => {
  const bootId = async () => JSON.parse(await asAgent("print(await host.facts())")).bootId;
  const uptime = () => onHost("systemctl", "show", "--property=UserspaceTimestampMonotonic", "--value");
  expect(await bootId()).toMatch(/^[0-9a-f-]{36}$/);
  const before = await uptime();
  await asAgent("await host.reboot()").catch(() => "ended by the reboot");
  await expect.poll(uptime, { timeout: 90_000, interval: 1_000 }).not.toBe(before);
  await lab.waitForBoot();
});
