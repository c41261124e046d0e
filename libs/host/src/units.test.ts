import { describe, expect, it } from "vitest";
import type { HostPower } from "./power.ts";
import { createHostUnits } from "./units.ts";

const ended = (stdout: string, exitCode = 0) => ({
  exitCode,
  stdout,
  stderr: "",
  cutBytes: { stdout: 0, stderr: 0 },
  durationMs: 1,
});

/** What systemd would be told of a unit whose file has changed, or has not. */
async function toldBy(work: (units: ReturnType<typeof createHostUnits>) => Promise<unknown>, needsReload: boolean) {
  const told: string[] = [];
  const power: HostPower = {
    observe: async (_program, args) => ended(args[0] === "show" ? (needsReload ? "yes\n" : "no\n") : "", 3),
    run: async (_verb, program, args) => {
      told.push([program, ...args].join(" "));
      return ended("");
    },
    start: () => Promise.reject(new Error("nothing lasts here")),
  };
  await work(createHostUnits(power));
  return told;
}

describe("a unit whose file was written anew", () => {
  it("is read anew before it starts, or the old one would start", async () => {
    const reload = "systemctl daemon-reload";
    expect(await toldBy((units) => units.restart("a.service"), true)).toEqual([
      reload,
      "systemctl restart -- a.service",
    ]);
    expect(await toldBy((units) => units.start("a.service"), true)).toEqual([reload, "systemctl start -- a.service"]);
    expect(await toldBy((units) => units.restart("a.service"), false)).toEqual(["systemctl restart -- a.service"]);
  });
});
