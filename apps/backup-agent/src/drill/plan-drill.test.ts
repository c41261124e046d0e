import { describe, expect, it } from "vitest";
import { planDrill, type DrillFacts } from "./plan-drill.ts";

const GB = 1024 ** 3;
const folder = (path: string, files: number, bytes: number) => ({ path, files, links: 0, bytes, summed: files });

/** A vault of 97 GB in 296 000 files, and a database of 2 GB. */
const manifest: DrillFacts["manifest"] = {
  folders: [
    folder("ecs-storage-vault", 296_000, 97 * GB),
    folder("ecs-pgdump", 1, GB),
    folder("ecs-ca", 0, 0),
    folder("etc", 300, 5_000_000),
  ],
  dump: { bytes: GB, sha256: "", plainBytes: 2 * GB },
  index: { bytes: 10_000_000, sha256: "" },
  database: { name: "ecs", server: "15", collate: "", ctype: "", bytes: 3 * GB, tables: [] },
};

describe("planDrill", () => {
  it("restores everything where files, plain dump and its database have room", () => {
    const plan = planDrill({ manifest, freeBytes: 200 * GB });
    expect(plan.extent).toBe("whole");
    // 97 files + 1 of small files' blocks + 1 + 2 + 3 of the database, and a twentieth more
    expect(plan.neededBytes / GB).toBeGreaterThan(104 * 1.05);
    expect(plan.neededBytes / GB).toBeLessThan(106 * 1.05);
    expect(planDrill({ manifest, freeBytes: plan.neededBytes }).extent).toBe("whole");
  });

  it("restores the database, the settings and a part of the vault where it is short, and says how much of it", () => {
    const plan = planDrill({ manifest, freeBytes: 20 * GB });
    expect(plan).toMatchObject({ extent: "sample", paths: ["ecs-pgdump", "etc"] });
    if (plan.extent !== "sample") throw new Error("no sample");
    expect(plan.vaultBytes / GB).toBeGreaterThan(12);
    expect(plan.vaultBytes / GB).toBeLessThan(14);
  });

  it("asks the backup for no folder that it has nothing of, since engines call that missing", () => {
    const plan = planDrill({ manifest, freeBytes: 20 * GB });
    expect(plan).not.toHaveProperty("paths", expect.arrayContaining(["ecs-ca"]));
  });

  it("refuses with the numbers where not even the database has room", () => {
    expect(() => planDrill({ manifest, freeBytes: 5 * GB })).toThrow(
      /has 5120 MB free, and the drill needs 67\d\d MB to load the database alone/,
    );
  });
});
