import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "../../tools/lab/index.ts";
import { applianceImages } from "./support/images.ts";

const CHECKOUT = "/root/checkout";
/** How long the application may take from a start of the host until it answers; the machine may be at other work as well. */
const SOON = { timeout: 300_000, interval: 1_000 };
const THIRTY_MINUTES_MS = 1_800_000;

/** The status code of the application's page as a browser asks for it, whatever the certificate; 0 without an answer. */
async function pageStatus(host: Host): Promise<number> {
  const byName = ["--resolve", `${host.domain}:443:127.0.0.1`, `https://${host.domain}/health/`];
  const curl = [
    "curl",
    "--silent",
    "--insecure",
    "--max-time",
    "10",
    "--output",
    "/dev/null",
    "--write-out",
    "%{http_code}",
  ];
  return Number((await host.exec([...curl, ...byName], { allowFailure: true })).stdout);
}

/** A hook that tells how many containers of the application's web service run. */
const tellOfWeb = (stage: string) => `#!/bin/sh
echo "${stage} $(docker ps --quiet --filter label=com.docker.compose.service=ecs.web | wc -l)" >> /root/told
`;

const installHook = (stage: string) => `install -D -m 755 /dev/stdin /app/etc/hooks/prepare-ecs.${stage}/say.sh`;

describe("bootstrap on a fresh host", () => {
  let host: Host;
  const page = () => pageStatus(host);
  const bootstrap = (...args: string[]) =>
    host.exec([`${CHECKOUT}/deploy/bootstrap.sh`, "--yes", ...args], { timeoutMs: THIRTY_MINUTES_MS });
  const certAgent = async () =>
    (await host.exec(["docker", "inspect", "--format={{.State.Status}}", "appliance-cert-agent-1"])).stdout.trim();
  const told = async () => (await host.exec(["cat", "/root/told"])).stdout.trim();
  beforeAll(async () => {
    // As on a host without network. The scripts that build them have made them on this machine already.
    host = await startHost({ name: "bootstrap", images: applianceImages() });
    await host.copyIn(process.cwd(), CHECKOUT);
  });
  afterAll(async () => host?.remove());

  it("makes it an appliance that serves the sample application", async () => {
    const { stdout } = await bootstrap("--sample", "--domain", "bootstrap.test");
    expect(stdout).toContain("https://bootstrap.test/");
    await expect.poll(page, SOON).toBe(200);
    const { stdout: env } = await host.exec(["stat", "--format=%a %U", "/app/env.yml"]);
    expect(env.trim()).toBe("600 root");
  });

  it("serves a certificate for its own name, which cert-agent keeps", async () => {
    const ask = "openssl s_client -connect 127.0.0.1:443 -servername bootstrap.test < /dev/null 2> /dev/null";
    const { stdout } = await host.exec(["sh", "-c", `${ask} | openssl x509 -noout -ext subjectAltName`]);
    expect(stdout).toContain("DNS:bootstrap.test");
    expect(await certAgent()).toBe("running");
  });

  it("has told systemd, which knows the real result", async () => {
    expect((await host.exec(["systemctl", "is-active", "appliance"])).stdout.trim()).toBe("active");
  });

  it("knows the unit of the manual that makes a backup, which no timer starts", async () => {
    const properties = ["--property=LoadState", "--property=Type", "--property=TriggeredBy"];
    const { stdout } = await host.exec(["systemctl", "show", ...properties, "appliance-backup"]);
    expect(stdout.trim().split("\n").sort()).toEqual(["LoadState=loaded", "TriggeredBy=", "Type=oneshot"]);
  });

  it("changes nothing in env.yml and keeps serving when it is run again", async () => {
    const sum = async () => (await host.exec(["sha256sum", "/app/env.yml"])).stdout;
    const before = await sum();
    await bootstrap("--sample", "--domain", "other.test");
    expect(await sum()).toBe(before);
    expect(await page()).toBe(200);
  });

  it("removes images of versions that are over, but not the one to go back to, nor one that is in use", async () => {
    const tags = async () =>
      (await host.exec(["docker", "image", "ls", "--format={{.Tag}}", "appliance/queue"])).stdout.trim().split("\n");
    const [present = ""] = await tags();
    for (const tag of ["ancient", "before", "held"])
      await host.exec(["docker", "tag", `appliance/queue:${present}`, `appliance/queue:${tag}`]);
    await host.exec(["docker", "create", "--name=holder", "appliance/queue:held"]);
    await host.exec(["sed", "-i", "s/^APPLIANCE_PREVIOUS_VERSION=.*/&before/", "/app/appliance/compose/.env"]);
    await bootstrap();
    expect((await tags()).sort()).toEqual([present, "before", "held"].sort());
    await host.exec(["docker", "rm", "holder"]);
  });

  it("finishes package work that stops the engine and starts it again, and is back by itself", async () => {
    // As an upgrade of the engine does, between the end of the old package and the start of the new one.
    const hook = 'DPkg::Post-Invoke {"systemctl stop docker.socket docker.service; systemctl start docker";};\n';
    await host.exec(["sh", "-c", "cat > /etc/apt/apt.conf.d/99engine"], { input: hook });
    await host.exec(["sed", "-i", "s/^appliance:$/&\\n  extra: { packages: [hello] }/", "/app/env.yml"]);
    const { stdout } = await host.exec(["appliance", "apply"], { timeoutMs: THIRTY_MINUTES_MS });
    expect(stdout).toContain("Install hello");
    expect((await host.exec(["hello"])).stdout).toBe("Hello, world!\n");
    await expect.poll(page, SOON).toBe(200);
    expect((await host.exec(["systemctl", "is-active", "appliance"])).stdout.trim()).toBe("active");
    await host.exec(["rm", "/etc/apt/apt.conf.d/99engine"]);
  });

  it("starts a package cache, and runs the hooks of the application, where env.yml and /app/etc/hooks have them", async () => {
    // Behind what the stop of the engine left to be repaired: that would run new hooks too, with the env.yml of before.
    await host.exec(["appliance", "apply"], { timeoutMs: THIRTY_MINUTES_MS });
    for (const stage of ["early", "late"])
      await host.exec(["sh", "-c", installHook(stage)], { input: tellOfWeb(stage) });
    await host.exec(["sed", "-i", "s/^  storage:$/&\\n    proxy_cache: true/", "/app/env.yml"]);
    const { stdout } = await host.exec(["appliance", "apply"], { timeoutMs: THIRTY_MINUTES_MS });
    expect(stdout).toMatch(/Start the package cache[^]*prepare-ecs.early\/say.sh[^]*prepare-ecs.late\/say.sh/);
    const cache = ["docker", "inspect", "--format={{.State.Health.Status}}", "appliance-package-cache-1"];
    expect((await host.exec(cache)).stdout.trim()).toBe("healthy");
    const { stdout: apt } = await host.exec(["apt-config", "dump", "Acquire::http::Proxy-Auto-Detect"]);
    expect(apt).toContain("/usr/local/lib/appliance/package-cache");
    expect(await told()).toBe("early 1\nlate 1");
    expect((await host.exec(["appliance", "apply"])).stdout).toContain("Nothing to do");
  });

  it("refuses another env.yml than the one in place, and says what to do", async () => {
    await host.exec(["sh", "-c", "sed 's/bootstrap.test/other.test/' /app/env.yml > /root/other.yml"]);
    await expect(bootstrap("--env", "/root/other.yml")).rejects.toThrow("is there already and differs");
  });

  it("is back by itself after a reboot", async () => {
    await host.reboot();
    await expect.poll(page, SOON).toBe(200);
    expect(await certAgent()).toBe("running");
  });

  it("is back by itself after a power cut", async () => {
    await host.cutPower();
    await expect.poll(page, SOON).toBe(200);
  });

  it("stays stopped over a reboot when systemd was told to stop it, and starts by the same way", async () => {
    await host.exec(["systemctl", "stop", "appliance"]);
    await host.reboot();
    await expect.poll(page, SOON).toBe(503);
    const { stdout } = await host.exec(["appliance", "status"], { allowFailure: true });
    expect(stdout).toMatch(/^stopped/);
    await host.exec(["rm", "/root/told"]);
    await host.exec(["systemctl", "restart", "appliance"]);
    await expect.poll(page, SOON).toBe(200);
    expect(await told()).toBe("early 0\nlate 1");
  });

  it("is started by systemd after the command has stopped it, and is known to systemd when the command has started it", async () => {
    const unit = async () => (await host.exec(["systemctl", "is-active", "appliance"], { allowFailure: true })).stdout;
    await host.exec(["appliance", "stop"]);
    expect(await unit()).toBe("inactive\n");
    await host.exec(["systemctl", "start", "appliance"]);
    expect(await page()).toBe(200);
    await host.exec(["appliance", "restart"]);
    expect(await unit()).toBe("active\n");
  });
});
