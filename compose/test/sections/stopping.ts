import { describe, expect, it } from "vitest";
import { waitFor } from "../../../tools/lab/index.ts";
import { SOON_MS, type Appliance } from "../support/appliance.ts";
import { docker } from "../support/docker.ts";

const APPLICATION = ["ecs.web", "ecs.worker", "ecs.beat", "ecs.smtpd", "redis", "memcached", "pdfas"];
const STOPPED = "Stopped by the operator";
const CONTROL = ["queue", "config-agent", "update-agent", "nginx"];
const DATA = ["database", "cert-agent", "backup-agent"];

/** What the operator stops stays stopped, and says so. */
export function stopping(appliance: Appliance): void {
  const running = async (services: readonly string[]) => {
    const containers = await appliance.containers();
    return services.filter((service) => containers.get(service)?.State.Running);
  };
  const seen = async () => {
    const [page, status] = [await appliance.ask("/"), await appliance.cli("status")];
    const says = page.text.includes(STOPPED) && status.stdout.includes(STOPPED);
    return { page: page.status, status: status.code, says, running: await running(APPLICATION) };
  };
  const stopped = { page: 503, status: 3, says: true, running: [] };

  describe("stop", () => {
    it("ends the application, and the page says who did it", async () => {
      await appliance.ok("stop");
      expect(await seen()).toEqual(stopped);
      // Certificates are renewed and backups made meanwhile, and the database may be looked at.
      expect(await running(DATA)).toEqual(DATA);
    });

    it("outlasts a restart of everything that still runs", async () => {
      const containers = await appliance.containers();
      const boots = async () => (await finishedJobs(appliance)).filter(({ id }) => id.startsWith("boot-")).length;
      const before = await boots();
      await docker(["restart", ...CONTROL.map((service) => containers.get(service)!.Id)]);
      await waitFor("the agent to have looked after its start", SOON_MS, async () => (await boots()) > before);
      expect(await seen()).toEqual(stopped);
    });

    it("outlasts an apply, which says that it is stopped", async () => {
      expect(await appliance.ok("apply")).toContain(STOPPED);
      expect(await seen()).toEqual(stopped);
    });

    it("ends with start", async () => {
      await appliance.ok("start");
      await appliance.waitUntilServing();
      expect(await running(APPLICATION)).toEqual(APPLICATION);
    });

    it("--all ends every container, and start brings all of them back from nothing", async () => {
      await appliance.ok("stop", "--all");
      expect(await running([...APPLICATION, ...CONTROL, ...DATA])).toEqual([]);
      const { code, stdout } = await appliance.cli("status");
      expect(code).toBe(4);
      expect(stdout).toContain("Nothing is running.");
      const started = await appliance.cli("start");
      expect(started).toMatchObject({ code: 0, stderr: expect.stringContaining("Start the application") });
      await appliance.waitUntilServing();
      const all = [...APPLICATION, ...CONTROL, ...DATA];
      expect(await running(all)).toEqual(all);
    });
  });

  describe("without an agent and without the queue", () => {
    it("status, failed and logs still tell what they can", async () => {
      const containers = await appliance.containers();
      const dead = ["config-agent", "update-agent", "queue"].map((service) => containers.get(service)!.Id);
      await docker(["kill", ...dead]);
      const status = await appliance.cli("status");
      expect(status.code).toBe(4);
      expect(status.stdout).toContain("No agent answers");
      expect(status.stdout).toContain("The application is in service");
      expect(status.stdout).toContain(containers.get("ecs.web")!.Name.slice(1));
      expect((await appliance.cli("failed")).code).toBe(0);
      expect(await appliance.ok("logs", "config-agent")).toContain("agent started");
      expect(await appliance.serves()).toBe(true);
    });

    it("start brings them back, and the application has not noticed", async () => {
      const before = (await appliance.container("ecs.web")).State.StartedAt;
      await appliance.ok("start");
      await appliance.waitUntilServing();
      expect((await appliance.container("ecs.web")).State.StartedAt).toBe(before);
    });
  });
}

interface ListedJob {
  id: string;
  state: string;
}

/** None while no agent answers. */
async function finishedJobs(appliance: Appliance): Promise<ListedJob[]> {
  const { code, stdout } = await appliance.cli("jobs", "--json");
  const jobs = code === 0 ? (JSON.parse(stdout) as ListedJob[]) : [];
  return jobs.filter(({ state }) => state === "completed" || state === "failed");
}
