import { describe, expect, it } from "vitest";
import { eventually, type Application } from "../application.ts";
import { inspect } from "../docker.ts";
import { SERVICES } from "../group.ts";

/** How the containers run. */
export function containers(application: Application): void {
  const { group } = application;

  describe("containers", () => {
    it.each(SERVICES)("%s runs without root, capabilities and a writable root file system", async (service) => {
      const facts = JSON.parse(await inspect(group.container(service), "{{json .}}")) as {
        HostConfig: {
          ReadonlyRootfs: boolean;
          CapDrop: string[];
          SecurityOpt: string[];
          Memory: number;
          PidsLimit: number;
        };
        Config: { User: string };
      };
      expect(facts.HostConfig).toMatchObject({
        ReadonlyRootfs: true,
        CapDrop: ["ALL"],
        SecurityOpt: ["no-new-privileges:true"],
        RestartPolicy: { Name: "no" },
      });
      expect(facts.HostConfig.Memory).toBeGreaterThan(0);
      expect(facts.HostConfig.PidsLimit).toBeGreaterThan(0);
      expect(facts.Config.User).toBe(service === "pdfas" ? "5001:5001" : "app");
    });

    it("starts a service again that was killed", async () => {
      const running = [
        "bash",
        "-c",
        `for p in /proc/[0-9]*; do [ "$(<$p/comm)" != memcached ] || echo "\${p#/proc/}"; done`,
      ];
      const before = await group.exec("memcached", running);
      await group.exec("memcached", ["bash", "-c", `kill -9 ${before}`]);
      const after = await eventually("memcached runs again", async () => {
        const pid = await group.exec("memcached", running);
        return pid !== before && pid;
      });
      expect(after).not.toBe(before);
    });

    it("passes the application's own tests", async () => {
      expect(await group.exec("ecs.web", ["/start", "run", "./manage.py", "test", "--noinput"])).toMatch(/^OK$/m);
    });
  });
}
