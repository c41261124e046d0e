/** What env.yml says of a host's users, files, packages and states, carried out on a host with systemd by the agent's own parts. */
import { execFileSync } from "node:child_process";
import { createReadStream, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Host, startHost } from "../../tools/lab/index.ts";

const BASE = "debian:trixie-slim";
const POWERS = ["SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "CHOWN", "DAC_OVERRIDE", "FOWNER"];

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let lab: Host;
let folder: string;
const keys: Record<string, string> = {};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "extras-"));
  for (const name of ["mine", "old", "other", "adas"]) {
    const path = join(folder, name);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", path]);
    keys[name] = readFileSync(`${path}.pub`, "utf8").trim();
  }
  lab = await startHost({ name: `extras-${process.pid}` });
  await lab.loadImages([BASE]);
  await onHost(
    "mkdir -p /opt/agent /app /data/etc/hooks /root/.ssh && ln -s /data/etc /app/etc && chmod 700 /root/.ssh",
  );
  await put("/opt/agent/node", createReadStream(realpathSync(process.execPath)), "755");
  for (const name of Object.keys(keys)) await put(`/root/${name}`, readFileSync(join(folder, name), "utf8"), "600");
  await put("/root/.ssh/authorized_keys", `# by hand\n${keys["other"]}\n${keys["old"]}\n`, "600");
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await lab?.remove();
});

const onHost = async (script: string) => (await lab.exec(["sh", "-c", script], { allowFailure: true })).stdout.trim();

const put = (path: string, input: string | NodeJS.ReadableStream, mode: string) =>
  lab.exec(["sh", "-c", `cat > ${path} && chmod ${mode} ${path}`], { input: input as string });

/** Whether the real sshd lets `user` in with this key. */
const logsIn = async (key: string, user = "root") =>
  (await onHost(
    `ssh -i /root/${key} -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=no ${user}@127.0.0.1 echo in`,
  )) === "in";

/** An apply of the parts that act on the host alone, as config-agent has them; what it did comes back, or why it did not. */
async function apply(env: string): Promise<string[]> {
  const contents = `
    import { createSystemdHost } from "@appliance/host"; import { runCommand } from "@appliance/command";
    import { parseEnv } from "@appliance/env"; import { flattenToRecord } from "@appliance/flat-yaml"; import { parseYaml } from "@appliance/yaml11";
    import { applyConfig } from "./src/apply-config.ts"; import { createRootFiles } from "./src/root-files.ts";
    import { sshAccessCapability } from "./src/capabilities/ssh-access.ts"; import { extraFilesCapability } from "./src/capabilities/extra-files.ts";
    import { extraPackagesCapability } from "./src/capabilities/extra-packages.ts"; import { extraStatesCapability } from "./src/capabilities/extra-states.ts";
    import { hooksCapability } from "./src/capabilities/hooks.ts";
    const text = Buffer.from(${JSON.stringify(env)});
    const { env, problems } = parseEnv(text, { file: "env.yml" });
    const flat = flattenToRecord(parseYaml(text, { file: "env.yml" }), ["ecs", "appliance"]);
    const host = createSystemdHost({ run: runCommand }); const files = createRootFiles(host.root);
    const log = { debug() {}, info() {}, warn() {}, error() {} }; const deps = { host, files, log };
    const capabilities = [extraPackagesCapability(host), sshAccessCapability(host), extraFilesCapability(host, "before packages"),
      hooksCapability("prepare-appliance.early", deps), extraStatesCapability(deps), extraFilesCapability(host, "after packages"),
      hooksCapability("prepare-appliance.late", deps)];
    const run = { runId: "run", signal: new AbortController().signal, note() {} };
    const done = [];
    try {
      if (!env) throw new Error(JSON.stringify(problems));
      const tell = { interrupt: async () => {}, onStep: async () => {}, onStepDone: async ({ summary }) => void done.push(summary) };
      await applyConfig({ env, flat, text }, "running", run, { capabilities, onlyWhileRunning: new Set(), ...tell });
    } catch (error) { done.push((error.code ?? "bug") + " " + error.message); }
    console.log(JSON.stringify(done));`;
  const resolveDir = join(import.meta.dirname, "../../apps/config-agent");
  const bundled = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire("file:///");' },
  });
  const powers = ["--cap-drop=ALL", ...POWERS.map((name) => `--cap-add=${name}`)];
  const unconfined = ["--security-opt=apparmor=unconfined", "--security-opt=seccomp=unconfined"];
  const container = ["docker", "run", "--rm", "-i", "--init", "--pid=host", ...powers, ...unconfined, "--read-only"];
  const program = ["--volume=/opt/agent:/opt/agent:ro", BASE, "/opt/agent/node", "--input-type=module", "-"];
  const input = bundled.outputFiles[0]?.text ?? "";
  const { stdout } = await lab.exec([...container, ...program], { input, timeoutMs: 240_000 });
  return JSON.parse(stdout) as string[];
}

const env = (disableRoot: boolean) => `#cloud-config
ssh_authorized_keys: ["${keys["mine"]}"]
ssh_deprecated_keys: ["${keys["old"]}", "left in 2019"]
disable_root: ${disableRoot}
appliance:
  domain: clinic.example
  extra:
    packages: [openssh-server, sudo, awk]
    files:
      - { path: /etc/clinic/hers, contents: "$(touch /canary) {x}", owner: "clinic:clinic", permissions: "0640" }
      - path: /app/etc/hooks/prepare-appliance.early/9-last.sh
        permissions: "0755"
        contents: |
          #!/bin/sh
          echo "early 9" >> /root/hooks
      - path: /app/etc/hooks/prepare-appliance.early/10-first.sh
        permissions: "0755"
        contents: |
          #!/bin/sh
          echo "early 10 $APPLIANCE_DOMAIN" >> /root/hooks
      - path: /app/etc/hooks/prepare-appliance.late/1.sh
        permissions: "0755"
        contents: |
          #!/bin/sh
          echo "late $(cat /etc/clinic/hers) $(systemctl is-active clinic)" >> /root/hooks
    states: |
      user:
        cmd.run:
          - name: useradd --system clinic
          - unless: id clinic
      /etc/clinic/service.conf:
        file.managed:
          - contents: PORTS=one
          - makedirs: true
      /etc/systemd/system/clinic.service:
        file.managed:
          - contents: |
              [Service]
              EnvironmentFile=/etc/clinic/service.conf
              ExecStart=sleep infinity
              [Install]
              WantedBy=multi-user.target
      clinic:
        service.running:
          - enable: true
          - watch:
            - file: /etc/clinic/service.conf
            - file: /etc/systemd/system/clinic.service
      net.ipv4.ip_local_port_range:
        sysctl.present:
          - value: 20000 60000
`;

it("carries everything out in the order of start, and finds nothing to do the second time", async () => {
  expect(await apply(env(false))).toEqual([
    "Install sudo",
    "Change the ssh keys of root: 1 added, 1 removed",
    "Write /app/etc/hooks/prepare-appliance.early/9-last.sh",
    "Write /app/etc/hooks/prepare-appliance.early/10-first.sh",
    "Write /app/etc/hooks/prepare-appliance.late/1.sh",
    "Run the hook prepare-appliance.early/10-first.sh",
    "Run the hook prepare-appliance.early/9-last.sh",
    "Run the command of the state user",
    "Write /etc/clinic/service.conf",
    "Write /etc/systemd/system/clinic.service",
    "Start clinic.service",
    "Set net.ipv4.ip_local_port_range to 20000 60000",
    "Write /etc/clinic/hers",
    "Run the hook prepare-appliance.late/1.sh",
  ]);
  expect(await onHost("cat /root/hooks")).toBe("early 10 clinic.example\nearly 9\nlate $(touch /canary) {x} active");
  expect(
    await onHost("stat --format='%U %a' /etc/clinic/hers; ls /canary; sysctl -n net.ipv4.ip_local_port_range"),
  ).toBe("clinic 640\n20000\t60000");
  expect(await apply(env(false))).toEqual([]);
});

it("lets in who is authorized, nobody whose key is deprecated, and leaves other keys alone", async () => {
  expect([await logsIn("mine"), await logsIn("old"), await logsIn("other")]).toEqual([true, false, true]);
  expect(await onHost("head -n 1 /root/.ssh/authorized_keys")).toBe("# by hand");
});

it("restarts a service that watches what changed", async () => {
  const started = () => onHost("systemctl show --property=ExecMainStartTimestampMonotonic --value clinic");
  const before = await started();
  expect(await apply(env(false).replace("PORTS=one", "PORTS=two"))).toEqual(
    expect.arrayContaining(["Write /etc/clinic/service.conf anew", "Restart clinic.service"]),
  );
  expect(await started()).not.toBe(before);
});

it("keeps root out by sshd once another may become root, and lets root in again", async () => {
  expect((await apply(env(true))).at(-1)).toMatch(/^SSH_LOCKOUT /);
  expect(await logsIn("mine")).toBe(true);
  await onHost("useradd --create-home --shell /bin/sh --groups sudo ada && install -d -o ada -m 700 /home/ada/.ssh");
  await put("/home/ada/.ssh/authorized_keys", `${keys["adas"]}\n`, "644");
  expect(await apply(env(true))).toContain("Let root no longer log in by ssh");
  expect([await logsIn("mine"), await logsIn("adas", "ada")]).toEqual([false, true]);
  expect(await apply(env(false))).toContain("Let root log in by ssh again");
  expect(await logsIn("mine")).toBe(true);
});

it("names a package that apt does not know, and leaves the host as it is", async () => {
  const steps = await apply(env(false).replace("awk]", "qrcod]"));
  expect(steps).toEqual(["PACKAGE_UNKNOWN apt knows no package qrcod for this host"]);
});
