import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "../../tools/lab/index.ts";

const DEPLOY = "/root/checkout/deploy";

describe("a host without Docker", () => {
  let host: Host;
  beforeAll(async () => {
    host = await startHost({ name: "engine", image: "bare" });
    await host.copyIn(process.cwd(), "/root/checkout");
  });
  afterAll(async () => host?.remove());

  it("gets an engine, Compose and buildx from its own distribution", async () => {
    const { stdout } = await host.exec([`${DEPLOY}/engine.sh`]);
    expect(stdout).toContain("installing the Docker engine");
    await host.exec(["docker", "buildx", "version"]);
    await host.exec(["docker", "compose", "version"]);
  });

  it("is left alone when all that is there", async () => {
    const { stdout } = await host.exec([`${DEPLOY}/engine.sh`]);
    expect(stdout).toMatch(/^Docker engine \S+, Compose \S+\n$/);
  });

  it("has the engine started again when it was stopped", async () => {
    await host.exec(["systemctl", "stop", "docker.socket", "docker.service"]);
    const { stdout } = await host.exec([`${DEPLOY}/engine.sh`]);
    expect(stdout).toContain("starting the Docker engine");
    await host.exec(["docker", "info"]);
  });

  it("gets a base image that users other than root can use", async () => {
    await host.exec([`${DEPLOY}/base-image.sh`]);
    const run = ["docker", "run", "--rm", "--user=5000:5000", "debian:trixie-slim", "cat", "/etc/debian_version"];
    expect((await host.exec(run)).stdout).toMatch(/^13/);
  });
});
