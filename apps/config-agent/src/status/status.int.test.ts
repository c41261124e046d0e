import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createRootFiles } from "../root-files.ts";
import { createStatus } from "./status.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "status-"));
  for (const folder of ["var/lib/appliance/status", "run/appliance"])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const open = () => createStatus(createRootFiles(root), () => new Date());

async function ready() {
  const status = await open();
  await status.show(false);
  await status.settle({ phase: "ready", headline: "The application is in service" });
  return status;
}

it("says that an appliance is starting until it was in service since the boot", async () => {
  const status = await open();
  expect(status.get().phase).toBe("starting");
  expect(await status.isServing()).toBe(false);
});

it("still knows after a restart of the agent that the application is in service", async () => {
  await ready();
  const status = await open();
  expect(status.get().phase).toBe("ready");
  expect(await status.isServing()).toBe(true);
});

it("stays ready while a change leaves the application in service", async () => {
  const status = await ready();
  await status.begin(["Configuring the web server"]);
  await status.at("Configuring the web server", "Let nginx serve another name");
  expect(status.get().phase).toBe("ready");
});

it("is not ready while a change takes the application away", async () => {
  const status = await ready();
  await status.begin(["Starting the application"]);
  await status.interrupt();
  expect(status.get().phase).toBe("starting");
  expect(await status.isServing()).toBe(false);
  expect((await open()).get().phase).toBe("starting");
});
