import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const DEPLOY = join(import.meta.dirname, "..");

let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "images-"));
  for (const folder of ["apps", "libs", "tools", "compose/sample"])
    mkdirSync(join(checkout, folder), { recursive: true });
  cpSync(DEPLOY, join(checkout, "deploy"), { recursive: true });
  writeCompose("compose.yml", {
    services: { queue: { image: "appliance/absent:${APPLIANCE_VERSION}", profiles: ["data"] } },
  });
  writeCompose("sample/compose.yml", { services: { web: { image: "appliance/none:${APPLIANCE_VERSION}" } } });
});
afterEach(() => rmSync(checkout, { recursive: true }));

const writeCompose = (path: string, file: object) =>
  writeFileSync(join(checkout, "compose", path), JSON.stringify(file));
const images = (...args: string[]) =>
  spawnSync(join(checkout, "deploy/images.sh"), args, { encoding: "utf8", timeout: 60_000 });

it("names the images of the core and of each group, with the version of their sources", () => {
  const version = images("version").stdout.trim();
  expect(version).toMatch(/^[0-9a-f]{12}$/);
  for (const command of ["list", "missing"])
    expect(images(command)).toMatchObject({
      status: 0,
      stdout: `appliance/absent:${version}\nappliance/none:${version}\n`,
    });
});

it.each(["list", "missing", "build"])(
  "%s fails where compose does not understand a file: nothing is taken for there",
  (command) => {
    writeCompose("compose.yml", { services: { queue: { imgae: "x" } } });
    const { status, stdout, stderr } = images(command);
    expect(status).not.toBe(0);
    expect(stdout).toBe("");
    expect(stderr).toContain("imgae");
  },
);
