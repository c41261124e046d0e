/** `tools/node` in a checkout whose packages npm 9 has installed: it leaves no link in node_modules/.bin. */
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";

const tools = join(import.meta.dirname, "..");
let checkout: string;

beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), "checkout-"));
  mkdirSync(join(checkout, "tools"));
  for (const name of ["node", "appliance"]) cpSync(join(tools, name), join(checkout, "tools", name));
});
afterEach(() => rmSync(checkout, { recursive: true }));

const run = (tool: string, ...args: string[]) =>
  spawnSync(join(checkout, "tools", tool), args, { encoding: "utf8", cwd: "/" });

function installWithoutLink(): void {
  const bin = join(checkout, "node_modules", `node-linux-${process.arch}`, "bin");
  mkdirSync(bin, { recursive: true });
  symlinkSync(process.execPath, join(bin, "node"));
}

it("runs the Node of the packages though no link leads to it", () => {
  installWithoutLink();
  expect(run("node", "--print", "process.version").stdout).toBe(`${process.version}\n`);
});

it("runs the command of the checkout with it", () => {
  installWithoutLink();
  mkdirSync(join(checkout, "apps/cli"), { recursive: true });
  symlinkSync(join(tools, "../apps/cli/src"), join(checkout, "apps/cli/src"));
  expect(run("appliance", "--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("Usage: appliance") });
});

it.each(["node", "appliance"])("%s says what to do where the packages are missing", (tool) => {
  const { status, stderr } = run(tool, "--version");
  expect(stderr).toBe(`error: the packages are missing in ${checkout}; run "npm ci" there\n`);
  expect(status).toBe(1);
});
