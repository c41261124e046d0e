import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "../../tools/lab/index.ts";
import { applianceImages } from "./support/images.ts";

const CHECKOUT = "/root/checkout";
const THIRTY_MINUTES_MS = 1_800_000;

describe("a host without systemd", () => {
  let host: Host;
  const health = async () => {
    const curl = ["curl", "-sk", "-o/dev/null", "-w%{http_code}", "-m10", "https://localhost/health/"];
    return (await host.exec(curl, { allowFailure: true })).stdout;
  };
  beforeAll(async () => {
    host = await startHost({ name: "no-systemd", images: applianceImages(), systemd: false });
    await host.copyIn(process.cwd(), CHECKOUT);
    await host.exec([`${CHECKOUT}/deploy/engine.sh`]);
  });
  afterAll(async () => host?.remove());

  it("becomes an appliance all the same", async () => {
    const bootstrap = [`${CHECKOUT}/deploy/bootstrap.sh`, "--yes", "--sample"];
    const { stdout } = await host.exec(bootstrap, { timeoutMs: THIRTY_MINUTES_MS });
    expect(stdout).toContain("The appliance is in service");
    expect(await health()).toBe("200");
  });

  it("starts again after a reboot when its init runs what is made for that", async () => {
    await host.reboot();
    await host.exec(["/usr/local/lib/appliance/service", "boot"]);
    await expect.poll(health, { timeout: 60_000, interval: 1_000 }).toBe("200");
  });

  it("carries out on the host what env.yml asks, although no unit of systemd lends it the power", async () => {
    await host.exec(["sed", "-i", "s/^  domain: localhost$/  domain: renamed.test/", "/app/env.yml"]);
    await host.exec(["/usr/local/bin/appliance", "apply"], { timeoutMs: THIRTY_MINUTES_MS });
    expect((await host.exec(["uname", "-n"])).stdout.trim()).toBe("renamed.test");
  });
});
