import { describe, expect, it } from "vitest";
import { planDatabaseServer } from "./plan-database-server.ts";

const wanted = {
  settings: { max_connections: "52", shared_buffers: "256MB", work_mem: "4096kB" },
  container: { DATABASE_MEMORY: "1280m" },
};
const running = { clusters: ["17"], current: wanted, running: true };

describe("planDatabaseServer", () => {
  it("does nothing when the running database has the wanted settings", () => {
    expect(planDatabaseServer(wanted, running)).toEqual([]);
  });

  it("starts an absent one without any downtime to speak of", () => {
    const [step] = planDatabaseServer(wanted, { clusters: [], current: null, running: false });
    expect(step).toMatchObject({ action: "start", downtime: null });
  });

  it("reloads what PostgreSQL can take up while it runs", () => {
    const before = { ...wanted, settings: { ...wanted.settings, work_mem: "8192kB" } };
    expect(planDatabaseServer(wanted, { ...running, current: before })).toMatchObject([
      { action: "reload", downtime: null, changes: [{ what: "work_mem", from: "8192kB", to: "4096kB" }] },
    ]);
  });

  it("restarts for a setting that is read at the start only, and says what that interrupts", () => {
    const before = { ...wanted, settings: { ...wanted.settings, shared_buffers: "128MB" } };
    const [step] = planDatabaseServer(wanted, { ...running, current: before });
    expect(step).toMatchObject({ action: "restart", restarts: ["database", "application"] });
    expect(step!.downtime).toContain("minute");
  });

  it("replaces the container when its size changes", () => {
    const before = { ...wanted, container: { DATABASE_MEMORY: "768m" } };
    expect(planDatabaseServer(wanted, { ...running, current: before })).toMatchObject([{ action: "recreate" }]);
  });

  it("refuses the data of another major version and says what to do", () => {
    expect(() => planDatabaseServer(wanted, { ...running, clusters: ["15"] })).toThrow(
      expect.objectContaining({ code: "DATABASE_VERSION", remedy: expect.stringContaining("pg_dump") as string }),
    );
  });

  it("does not mind an old cluster that was left beside the current one", () => {
    expect(planDatabaseServer(wanted, { ...running, clusters: ["15", "17"] })).toEqual([]);
  });
});
