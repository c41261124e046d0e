import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "../../tools/lab/index.ts";
import { applianceImages } from "./support/images.ts";

const CHECKOUT = "/root/checkout";
/** Generous: the machine may be at other work as well. */
const SOON = { timeout: 300_000, interval: 1_000 };
const THIRTY_MINUTES_MS = 1_800_000;
const NODE = "/usr/local/lib/appliance/node";

/** As EC2 has it in its second version: without a token nothing is told. */
const METADATA_SERVICE = `
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
createServer((request, response) => {
  if (request.method === "PUT" && request.url === "/latest/api/token") response.end("t0ken");
  else if (request.headers["x-aws-ec2-metadata-token"] !== "t0ken") response.writeHead(401).end();
  else if (request.url === "/latest/user-data") response.end(readFileSync("/root/user-data"));
  else response.writeHead(404).end();
}).listen(80, "169.254.169.254");
`;

/** A network of its own behind the host, as that of a cloud is: what containers send there is forwarded. */
const CLOUD = [
  "ip netns add cloud",
  "ip link add cloud0 type veth peer name eth0 netns cloud",
  "ip address add 169.254.169.1/24 dev cloud0",
  "ip link set cloud0 up",
  "ip -n cloud address add 169.254.169.254/24 dev eth0",
  "ip -n cloud link set eth0 up",
  "ip -n cloud route add default via 169.254.169.1",
  `systemd-run --quiet --unit=metadata ip netns exec cloud ${NODE} /root/metadata.mjs`,
];

describe("a host that gets its env.yml from outside", () => {
  let host: Host;
  let folder: string;
  let device: string | undefined;

  const appliance = (...args: string[]) =>
    host.exec(["appliance", ...args], { allowFailure: true, timeoutMs: THIRTY_MINUTES_MS });
  const status = async () => JSON.parse((await appliance("status", "--json")).stdout).status;
  const activeSum = async () => (await host.exec(["sha256sum", "/run/active-env.yml"])).stdout;
  const put = (path: string, text: string) => host.exec(["sh", "-c", `umask 077; cat > ${path}`], { input: text });
  const page = async () => {
    const curl = ["curl", "-sk", "-o/dev/null", "-w%{http_code}", "-m10", "--resolve", `${host.domain}:443:127.0.0.1`];
    return (await host.exec([...curl, `https://${host.domain}/health/`], { allowFailure: true })).stdout;
  };
  /** What a container gets of the metadata service: a status code, or 000 when it does not reach it. */
  const fromContainer = async () => {
    const curl = ["curl", "-s", "-o/dev/null", "-w%{http_code}", "-m3", "http://169.254.169.254/latest/user-data"];
    return (await host.exec(["docker", "exec", "appliance-config-agent-1", ...curl], { allowFailure: true })).stdout;
  };

  /** Attaches a drive to the host: a loop device of this machine, which the host sees by its number. */
  async function attach(text: string): Promise<string> {
    writeFileSync(join(folder, "user-data"), text);
    writeFileSync(join(folder, "meta-data"), "");
    const [image, tree] = [join(folder, "cidata.iso"), [join(folder, "user-data"), join(folder, "meta-data")]];
    execFileSync("xorriso", ["-as", "mkisofs", "-quiet", "-V", "CIDATA", "-J", "-R", "-o", image, ...tree], {
      stdio: "pipe",
    });
    const name = execFileSync("losetup", ["--find", "--show", "--read-only", image], { encoding: "utf8" }).trim();
    await host.exec(["mknod", name, "b", "7", name.replace("/dev/loop", "")]);
    return name;
  }

  async function detach(name: string): Promise<void> {
    await host.exec(["rm", name], { allowFailure: true });
    execFileSync("losetup", ["--detach", name]);
  }

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "sources-"));
    host = await startHost({ name: "sources", images: applianceImages(), loopDevices: true });
    await host.copyIn(process.cwd(), CHECKOUT);
    await host.exec([`${CHECKOUT}/deploy/bootstrap.sh`, "--yes"], { timeoutMs: THIRTY_MINUTES_MS });
  });
  afterAll(async () => {
    if (device) await detach(device);
    rmSync(folder, { recursive: true, force: true });
    await host?.remove();
  });

  it("says of each place why it has none", async () => {
    await expect.poll(async () => (await status())?.passedOver?.length, SOON).toBe(6);
    const { stdout } = await appliance("status");
    expect(stdout).toContain("no env.yml from /app/env.yml: there is no such file");
    expect(stdout).toContain("no env.yml from drive cidata: no drive has this label");
    expect(stdout).toMatch(/no env.yml from EC2 metadata service: \w+/);
  });

  it("comes up with the env.yml of a drive, and says which", async () => {
    const { stdout: env } = await appliance("env", "sample", "--domain", host.domain);
    device = await attach(env);
    expect((await appliance("database", "create")).code).toBe(0);
    expect(await appliance("start")).toMatchObject({ code: 0 });
    await expect.poll(page, SOON).toBe("200");
    const { env: active, passedOver } = await status();
    expect(active.source).toBe(`drive cidata (${device})`);
    expect(await activeSum()).toContain(active.sha256);
    expect(passedOver).toEqual([{ source: "/app/env.yml", reason: "there is no such file" }]);
    expect((await host.exec(["ls", "-A", "/run/appliance/host"])).stdout).toBe("");
  });

  it("makes another env.yml the active one when it is told to, and refuses a broken one", async () => {
    const before = await activeSum();
    await put("/app/env.yml", "#cloud-config\nappliance:\n  domain: [\n");
    const refused = await appliance("env", "update");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("ENV_INVALID");
    expect(await activeSum()).toBe(before);
    await host.exec(["sh", "-c", "sed 's/^  domain: .*/  domain: other.test/' /run/active-env.yml > /app/env.yml"]);
    const { code, stdout } = await appliance("env", "update");
    expect(code).toBe(0);
    expect(stdout).toContain("/app/env.yml is now the active configuration.");
    expect(stdout).toContain(`appliance:domain: ${host.domain} → other.test`);
    expect(await activeSum()).not.toBe(before);
    expect(await page()).toBe("200");
    await host.exec(["rm", "/app/env.yml"]);
    expect((await appliance("env", "update")).stdout).toContain(`drive cidata (${device}) is now`);
    expect(await activeSum()).toBe(before);
  });

  it("takes it from a metadata service when there is nothing else", async () => {
    await detach(device!);
    device = undefined;
    await put("/root/metadata.mjs", METADATA_SERVICE);
    await host.exec(["cp", "/run/active-env.yml", "/root/user-data"]);
    for (const line of CLOUD) await host.exec(line.split(" "));
    await expect.poll(async () => (await appliance("apply")).code, SOON).toBe(0);
    expect((await status()).env.source).toBe("EC2 metadata service");
  });

  it("keeps containers from it, also when the rule was taken away", async () => {
    expect(await fromContainer()).toBe("000");
    await host.exec(["iptables", "--flush", "DOCKER-USER"]);
    expect(await fromContainer()).toBe("401");
    await expect.poll(fromContainer, SOON).toBe("000");
  });

  it("keeps them from it after the engine was restarted", async () => {
    await host.exec(["iptables", "--flush", "DOCKER-USER"]);
    await host.exec(["systemctl", "restart", "docker"]);
    await expect.poll(page, SOON).toBe("200");
    await expect.poll(async () => (await status())?.phase, SOON).toBe("ready");
    expect(await fromContainer()).toBe("000");
  });

  it("brings back what ran though its source is gone", async () => {
    await host.exec(["systemctl", "stop", "metadata"]);
    await host.exec(["docker", "kill", "ecs_ecs.web_1"]);
    await expect.poll(page, { timeout: 60_000, interval: 1_000 }).not.toBe("200");
    await expect.poll(page, SOON).toBe("200");
  });
});
