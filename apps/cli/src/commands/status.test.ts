import { OperatorError } from "@appliance/errors";
import { expect, it } from "vitest";
import type { Context } from "../context.ts";
import { describe as describeOverview, status, type Overview } from "./status.ts";

const installation = { httpsPort: "443", root: "" } as Context["installation"];
const left = { phase: "ready", headline: "The application is in service", steps: [] };
const container = (name: string, state: string) => ({ name, service: name, state, status: state });
const text = (overview: Pick<Overview, "source" | "containers">) =>
  describeOverview({ status: left, backup: null, ...overview }, { installation });

it("does not repeat that an appliance is in service of which nothing runs", () => {
  const containers = [container("nginx", "exited"), container("ecs.web", "exited")];
  const said = text({ source: "files", containers });
  expect(said).toContain("Nothing is running. Start the appliance with: appliance start");
  expect(said).not.toContain("in service");
  expect(said).toContain("ecs.web");
});

it("says what a dead agent left while the application still runs", () => {
  const containers = [container("config-agent", "exited"), container("ecs.web", "running")];
  expect(text({ source: "files", containers })).toContain("ready: The application is in service");
});

it("says what was left where no engine answers that could tell more", () => {
  expect(text({ source: "files", containers: [] })).toContain("ready: The application is in service");
});

it("says where env.yml goes in a checkout, whose places lie below a folder", () => {
  const status = { phase: "unconfigured", headline: "Not configured yet", steps: [], hint: "Put it at /app/env.yml" };
  const said = (root: string) =>
    describeOverview(
      { status, source: "agent", containers: [], backup: null },
      { installation: { ...installation, root } },
    );
  expect(said("/src/appliance-root")).toContain("Here /app/env.yml is /src/appliance-root/app/env.yml.");
  expect(said("")).not.toContain("Here");
});

it("watches without saying the same again, until the application is in service", async () => {
  const phases = ["starting", "starting", "ready"];
  const printed: string[] = [];
  let seconds = 0;
  const context = {
    installation,
    api: { get: async () => ({ phase: phases.shift(), headline: "", steps: [], updatedAt: String(phases.length) }) },
    backupAgent: { get: () => Promise.reject(new OperatorError("AGENT_UNREACHABLE", "away", { remedy: "" })) },
    compose: { list: async () => [{ ...container("nginx", "running"), status: `Up ${++seconds} seconds (healthy)` }] },
    terminal: { print: (text: string) => printed.push(text) },
  } as unknown as Context;
  expect(await status({ watch: true, json: false }, context)).toBe(0);
  expect(printed.map((text) => text.split(":")[0])).toEqual(["starting", "ready"]);
});
