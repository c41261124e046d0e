import type { HostPackages, TaskState } from "@appliance/host";
import { expect, it } from "vitest";
import { runPackageWork } from "./package-work.ts";

/** apt that has ended with 100 and these words. */
const endsWith = (output: string): HostPackages => ({
  observe: async () => new Map(),
  start: async () => {},
  poll: async (): Promise<TaskState> => ({ state: "done", exitCode: 100, output }),
  forget: async () => {},
});
const install = (output: string) =>
  runPackageWork(endsWith(output), { action: "install", names: ["curl", "qrcod"] }, new AbortController().signal);

it.each([
  "Reading package lists...\nE: Unable to locate package qrcod\n",
  "Package qrcod is not available, but is referred to by another package.\nE: Package 'qrcod' has no installation candidate\n",
])("names the package that apt does not know", async (output) => {
  await expect(install(output)).rejects.toMatchObject({
    code: "PACKAGE_UNKNOWN",
    message: "apt knows no package qrcod for this host",
  });
});

it("quotes the end of what apt said otherwise", async () => {
  await expect(install("E: Could not resolve 'mirror.example'\n")).rejects.toMatchObject({
    code: "PACKAGES_FAILED",
    message: "apt could not install curl, qrcod: E: Could not resolve 'mirror.example'",
  });
});
