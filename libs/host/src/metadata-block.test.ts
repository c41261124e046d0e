import { CommandError } from "@appliance/command";
import { expect, it } from "vitest";
import { createHostMetadataBlock } from "./metadata-block.ts";
import type { HostPower } from "./power.ts";

const NO_RULES = "-N DOCKER-USER\n-A DOCKER-USER -j RETURN\n";
const RULE = "-A DOCKER-USER -d 169.254.169.254/32 -j REJECT --reject-with icmp-port-unreachable\n";

/** Stands for iptables of a host whose chain lists as `listed` says. */
function firewall(listed: () => string) {
  const inserted: string[][] = [];
  const refuse = () => Promise.reject(new Error("not asked for"));
  const run: HostPower["run"] = async (_verb, _program, args) => {
    if (args.includes("--insert")) inserted.push(args.slice(args.indexOf("--insert")));
    const stdout = args.includes("--list-rules") ? listed() : "";
    return { exitCode: 0, stdout, stderr: "", cutBytes: { stdout: 0, stderr: 0 }, durationMs: 1 };
  };
  return { block: createHostMetadataBlock({ observe: refuse, start: refuse, run }), inserted };
}

it("puts the rule before all others, and only where it is missing", async () => {
  const open = firewall(() => NO_RULES);
  expect(await open.block.ensure()).toBe(true);
  expect(open.inserted).toEqual([
    ["--insert", "DOCKER-USER", "--destination", "169.254.169.254/32", "--jump", "REJECT"],
  ]);
  const blocked = firewall(() => NO_RULES + RULE);
  expect(await blocked.block.ensure()).toBe(false);
  expect(blocked.inserted).toEqual([]);
});

it("does not take a rule that lets the traffic through for one that stops it", async () => {
  const { block } = firewall(() => "-A DOCKER-USER -d 169.254.169.254/32 -j ACCEPT\n");
  expect(await block.observe()).toEqual({ blocked: false });
});

it("says why it cannot be seen on a host without iptables or without the engine's chain", async () => {
  const stderrTail = "iptables: No chain/target/match by that name.\n";
  const { block } = firewall(() => {
    throw new CommandError("COMMAND_FAILED", "iptables ended with exit code 1", { remedy: "", stderrTail });
  });
  const { blocked, unavailable } = await block.observe();
  expect(blocked).toBe(false);
  expect(unavailable).toContain("No chain/target/match by that name.");
});

it("is not silent about a firewall that cannot be asked just now", async () => {
  const { block } = firewall(() => {
    throw new CommandError("COMMAND_TIMEOUT", "iptables was stopped after 30 s", { remedy: "" });
  });
  await expect(block.observe()).rejects.toMatchObject({ code: "COMMAND_TIMEOUT" });
});
