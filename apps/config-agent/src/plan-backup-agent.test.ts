import { expect, it } from "vitest";
import { planBackupAgent } from "./plan-backup-agent.ts";

const wanted = { image: "appliance/backup-agent:2", isNeeded: true };
const well = { state: "running", health: "healthy", image: wanted.image } as const;
const actions = (change: object | null, isNeeded = true) =>
  planBackupAgent({ ...wanted, isNeeded }, change === null ? undefined : { ...well, ...change }).map(
    ({ action }) => action,
  );

it("starts backup-agent where it does not run, and has nothing to do while it does", () => {
  expect([null, { state: "exited" }, {}, { health: "starting" }].map((change) => actions(change))).toEqual([
    ["start"],
    ["start"],
    [],
    [],
  ]);
});

it("replaces one of another version and one that is unwell, and says that it restarts", () => {
  expect(actions({ health: "unhealthy" })).toEqual(["replace"]);
  const other = { ...well, image: "appliance/backup-agent:1" };
  expect(planBackupAgent(wanted, other)).toMatchObject([
    { action: "replace", restarts: ["backup-agent"], downtime: null },
  ]);
});

it("leaves no container where there is nothing for it to do, which a repair would start for ever", () => {
  expect(actions({ state: "exited" }, false)).toEqual(["remove"]);
  expect(actions(null, false)).toEqual([]);
});
