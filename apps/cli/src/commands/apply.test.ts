import { expect, it } from "vitest";
import type { Context } from "../context.ts";
import { apply } from "./apply.ts";

it("tells of a step that was carried out in vain, and why", async () => {
  const step = { changes: [], restarts: [], downtime: null };
  const steps = [
    { ...step, summary: "Set the name of the host" },
    { ...step, summary: "Start the package cache", failed: "The port is taken. → Free it. (TAKEN)" },
  ];
  const result = { steps, changed: 2, dryRun: false };
  const printed: string[] = [];
  const context = {
    api: {
      enqueue: async () => {},
      job: async () => ({ state: "completed", result }),
      get: async () => ({ phase: "ready", headline: "", steps: [] }),
    },
    terminal: { print: (text: string) => printed.push(text), say: () => {} },
  } as unknown as Context;
  await apply({ dryRun: false, json: false, start: false }, context);
  expect(printed[0]?.split("\n")).toEqual([
    "2 steps, 1 of them not done:",
    "- Set the name of the host",
    "- Start the package cache",
    "    not done: The port is taken. → Free it. (TAKEN)",
  ]);
});
