import { describe, expect, it } from "vitest";
import * as z from "zod";
import { ConfigApply, ContainersStop, CONTRACTS, HostPackages, QUEUES } from "./index.ts";

it("gives every queue one owner, because the Redis users are made from that", () => {
  for (const queue of QUEUES) {
    const owners = new Set(CONTRACTS.filter((contract) => contract.queue === queue).map(({ owner }) => owner));
    expect([queue, owners.size]).toEqual([queue, 1]);
  }
});

it("gives every job a name of its own", () => {
  const names = CONTRACTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

it.each(CONTRACTS.map((contract) => [contract.name, contract] as const))(
  "%s can be described as JSON",
  (_name, contract) => {
    expect(z.toJSONSchema(contract.data)).toMatchObject({ type: "object" });
    expect(z.toJSONSchema(contract.result)).toMatchObject({ type: "object" });
  },
);

describe("data", () => {
  it("drops what a newer sender adds and fills in defaults", () => {
    const data = ConfigApply.data.parse({ requestedBy: "cli", newer: true });
    expect(data).toMatchObject({ requestedBy: "cli", dryRun: false, reason: "operator" });
    expect(data).not.toHaveProperty("newer");
  });

  it.each([["--purge"], ["a b"], ["../x"], [""]])("holds no package named %j", (name) => {
    expect(HostPackages.data.safeParse({ action: "install", names: [name] }).success).toBe(false);
  });

  it.each([["-f"], ["a;b"], [""]])("holds no service named %j", (service) => {
    expect(ContainersStop.data.safeParse({ project: "core", services: [service] }).success).toBe(false);
  });

  it("holds no progress where a contract declares none", () => {
    expect(HostPackages.progress.safeParse({ done: 1 }).success).toBe(false);
  });
});
