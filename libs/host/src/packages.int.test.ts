/** This machine's own dpkg is asked; nothing is installed. */
import { runCommand } from "@appliance/command";
import { expect, it } from "vitest";
import { createHostPackages } from "./packages.ts";

const packages = createHostPackages(
  {
    observe: (program, args, options) => runCommand(program, args, { timeoutMs: 30_000, ...options }),
    run: () => Promise.reject(new Error("nothing is run")),
    start: () => Promise.reject(new Error("nothing is started")),
  },
  "/",
);

it("finds a package installed under its own name, and under one that it provides", async () => {
  const found = await packages.observe(["dpkg", "awk", "no-such-package-here"]);
  expect(found.get("dpkg")).toMatch(/^1\./);
  expect(found.get("awk")).toMatch(/\d/);
  expect(found.get("no-such-package-here")).toBeUndefined();
});
