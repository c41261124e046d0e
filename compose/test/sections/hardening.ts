import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { run } from "../../../tools/lab/index.ts";
import type { Appliance } from "../support/appliance.ts";
import type { Inspected } from "../support/docker.ts";

/** Capabilities by name: docs/decisions, config-agent-capabilities. Every other container has none. */
const CAPABILITIES: Record<string, string[]> = {
  "config-agent": ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
  prepare: ["CHOWN", "DAC_OVERRIDE", "FOWNER"],
  "backup-agent": ["CHOWN", "DAC_OVERRIDE", "FOWNER", "SETGID", "SETPCAP", "SETUID"],
};
const ROOT = new Set(["config-agent", "update-agent", "prepare", "backup-agent"]);
/** Five of the control stage, the database, cert-agent, backup-agent, seven of the sample application. */
const CONTAINERS = 15;

/** What each container of both projects is denied. */
export function hardening(appliance: Appliance): void {
  describe("every container", () => {
    /** What is told of each container that has something else than it should. */
    const others = async (complaint: (container: Inspected, service: string) => unknown) => {
      const containers = [...(await appliance.containers())];
      expect(containers.length).toBeGreaterThanOrEqual(CONTAINERS);
      return containers
        .map(([service, container]) => [service, complaint(container, service)])
        .filter(([, found]) => found !== undefined && found !== false);
    };

    it("has a root file system that it cannot write to", async () => {
      expect(await others(({ HostConfig }) => !HostConfig.ReadonlyRootfs)).toEqual([]);
    });

    it("is not privileged, gains no privileges and has namespaces of its own", async () => {
      const wrong = ({ HostConfig: { Privileged, SecurityOpt, PidMode, NetworkMode } }: Inspected) =>
        Privileged || !SecurityOpt?.includes("no-new-privileges:true") || PidMode !== "" || NetworkMode === "host";
      expect(await others(wrong)).toEqual([]);
    });

    it("has the capabilities that are written down, and no others", async () => {
      const added = ({ HostConfig }: Inspected) => (HostConfig.CapAdd ?? []).map((name) => name.replace(/^CAP_/, ""));
      expect(await others(({ HostConfig }) => HostConfig.CapDrop?.join() !== "ALL")).toEqual([]);
      const unwritten = (container: Inspected, service: string) =>
        added(container).sort().join() !== (CAPABILITIES[service] ?? []).join() && added(container);
      expect(await others(unwritten)).toEqual([]);
    });

    it("is limited in memory and processes", async () => {
      expect(await others(({ HostConfig: { Memory, PidsLimit } }) => !(Memory > 0 && (PidsLimit ?? 0) > 0))).toEqual(
        [],
      );
    });

    it("runs without root, but for those that are written down", async () => {
      const isRoot = ({ Config: { User } }: Inspected) => /^(0|root|)(:|$)/.test(User);
      expect(await others((container, service) => isRoot(container) !== ROOT.has(service))).toEqual([]);
    });

    it("that saves documents is a user of its own, with three rights and no way to more", async () => {
      const { Id } = await appliance.container("backup-agent");
      const { stdout } = await run("docker", ["top", Id, "-o", "pid,args"]);
      const pid = /^\s*(\d+)\s.*agent\.mjs/m.exec(stdout)?.[1] ?? "";
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      expect(status).toMatch(/^Uid:\t5002\t5002\t5002\t5002$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      for (const set of ["CapInh", "CapPrm", "CapEff", "CapAmb", "CapBnd"])
        expect(status).toContain(`${set}:\t000000000000000b\n`);
    });

    it("sees nothing of the host's /run, and only update-agent the engine's socket", async () => {
      const sources = ({ Mounts }: Inspected) => Mounts.map(({ Source }) => Source);
      const seen = (container: Inspected) =>
        sources(container).filter(
          (path) => ["/", "/run", "/var/run", "/var"].includes(path) || path.endsWith("docker.sock"),
        );
      expect(await others((container) => seen(container).length > 0 && seen(container).length)).toEqual([
        ["update-agent", 1],
      ]);
    });

    it("is reached from outside at nginx alone; an agent's port is bound to this host", async () => {
      const published = ({ NetworkSettings: { Ports } }: Inspected) => {
        const addresses = Object.values(Ports).flatMap((ports) => (ports ?? []).map(({ HostIp }) => HostIp));
        return addresses.length > 0 && [...new Set(addresses)].join();
      };
      const found = Object.fromEntries((await others(published)) as [string, string][]);
      const agents = Object.keys(appliance.agentPorts).map((agent) => [agent, "127.0.0.1"]);
      expect(found).toEqual({ nginx: "0.0.0.0", ...Object.fromEntries(agents) });
    });
  });
}
