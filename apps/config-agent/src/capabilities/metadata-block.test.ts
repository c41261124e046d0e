import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { MetadataBlockState } from "@appliance/host";
import { expect, it } from "vitest";
import type { RunContext, Wanted } from "../capability.ts";
import { metadataBlockCapability } from "./metadata-block.ts";

const from = (source: string) => ({ source }) as Wanted;
const run: RunContext = { runId: "run-1", signal: new AbortController().signal, note: () => {} };

/** A host whose firewall is in this state, or over which this agent has no power. */
function host(state: MetadataBlockState, why?: string) {
  const current = { ...state };
  const metadataBlock = {
    observe: async () => current,
    ensure: async () => (current.blocked = true),
  };
  return { whyUnavailable: () => why, metadataBlock };
}

it("blocks once, and then has nothing to do", async () => {
  const capability = metadataBlockCapability(host({ blocked: false }));
  const [planned, ...more] = await capability.plan(from("/app/env.yml"));
  expect(planned?.unavailable).toBeUndefined();
  expect(more).toEqual([]);
  await capability.apply(planned!, from("/app/env.yml"), run);
  expect(await capability.plan(from("/app/env.yml"))).toEqual([]);
});

it("only shows what it would do without power over the host, and does not look at its firewall", async () => {
  const powerless = { ...host({ blocked: false }, "it would change the firewall of this machine, not of this root") };
  powerless.metadataBlock.observe = () => Promise.reject(new Error("looked at the firewall"));
  const [planned] = await metadataBlockCapability(powerless).plan(from("/app/env.yml"));
  expect(planned?.unavailable).toContain("not of this root");
});

const NO_IPTABLES: MetadataBlockState = { blocked: false, unavailable: "iptables does not show the chain" };

it("says why where the host has no such firewall, and starts all the same with an env.yml of its own", async () => {
  const [planned] = await metadataBlockCapability(host(NO_IPTABLES)).plan(from("/app/env.yml"));
  expect(planned?.unavailable).toBe("iptables does not show the chain");
});

it("refuses to start there what could read env.yml from the service that gave it", async () => {
  const plan = metadataBlockCapability(host(NO_IPTABLES)).plan(from("EC2 metadata service"));
  await expect(plan).rejects.toMatchObject({ code: "METADATA_UNPROTECTED" });
});

it.each(["compose.yml", "sample/compose.yml"])("needs no rule for IPv6, which no network of %s has", (file) => {
  const text = readFileSync(join(import.meta.dirname, "../../../../compose", file), "utf8");
  expect(text).toContain("networks:");
  expect(text).not.toMatch(/enable_ipv6/);
});
