import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findInstallation, readToken } from "./installation.ts";

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "checkout-"));
  mkdirSync(join(checkout, "compose"));
});
afterEach(() => rmSync(checkout, { recursive: true }));

const find = (environment: NodeJS.ProcessEnv = {}) =>
  findInstallation({ APPLIANCE_CHECKOUT: checkout, ...environment });

describe("findInstallation", () => {
  it("takes compose.yml's own defaults in a plain checkout", () => {
    expect(find()).toEqual({
      checkout,
      root: join(checkout, "appliance-root"),
      agents: {
        "config-agent": "http://127.0.0.1:7301",
        "update-agent": "http://127.0.0.1:7302",
        "cert-agent": "http://127.0.0.1:7303",
        "backup-agent": "http://127.0.0.1:7304",
      },
      httpsPort: "8443",
      coreProject: "appliance",
      applicationProject: "ecs",
      toolsImage: "appliance/tools:latest",
      backupImage: "appliance/backup-agent:latest",
    });
  });

  it("reads what bootstrap wrote for a host, whose root is the empty path in front of /run", () => {
    writeFileSync(
      join(checkout, "compose/.env"),
      "# written by bootstrap\nAPPLIANCE_ROOT=\nAPPLIANCE_HTTPS_PORT=443\n",
    );
    expect(find()).toMatchObject({ root: "", httpsPort: "443" });
  });

  it("lets the environment go before the file", () => {
    writeFileSync(join(checkout, "compose/.env"), "APPLIANCE_CONFIG_AGENT_PORT=17301\n");
    expect(find({ APPLIANCE_CONFIG_AGENT_PORT: "27301" }).agents["config-agent"]).toBe("http://127.0.0.1:27301");
  });
});

describe("readToken", () => {
  it("says how to begin where the appliance was never started", () => {
    expect(() => readToken(find(), "config-agent")).toThrow(expect.objectContaining({ code: "NOT_PREPARED" }));
  });

  it("reads the token of the agent without the line end of an editor", () => {
    const folder = join(checkout, "appliance-root/var/lib/appliance/secrets/cert-agent");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "http-token"), "abc\n");
    expect(readToken(find(), "cert-agent")).toBe("abc");
  });
});
