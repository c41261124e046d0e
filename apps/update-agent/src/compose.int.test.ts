/** The compose files of this repository, read by the real compose. */
import { join, resolve } from "node:path";
import { runCommand } from "@appliance/command";
import { expect, it } from "vitest";
import { SOCKET } from "../test/throw-away-group.ts";
import type { ComposeGroup } from "./compose-group.ts";
import { createCompose } from "./compose.ts";
import { planRun } from "./plan-run.ts";
import { planServices } from "./plan-services.ts";

const checkout = resolve(import.meta.dirname, "../../..");
const compose = createCompose({ run: runCommand, dockerSocket: SOCKET });

const modelOf = (project: ComposeGroup["project"], folder: string, environment: Record<string, string>) => {
  const directory = join(checkout, folder);
  const files = [join(directory, "compose.yml")];
  const group = { project, name: "appliance-test", files, envFiles: [], directory, environment };
  return compose.model(group, new AbortController().signal);
};

it("starts the data stage of the core, and no optional part of it, when no service is named", async () => {
  expect(planServices("core", [], await modelOf("core", "compose", {}))).toEqual([
    "backup-agent",
    "cert-agent",
    "database",
  ]);
});

it("runs the operations that every application declares, and checks the arguments of the sample's own", async () => {
  const model = await modelOf("application", "compose/sample", { APPLIANCE_ROOT: "/" });
  const plan = (operation: string, ...args: string[]) =>
    planRun({ operation, arguments: args, jobId: "1", name: "ecs" }, model);
  expect(plan("migrate")).toMatchObject({ service: "ecs.web", command: ["/start", "migrate"] });
  expect(plan("bootstrap").service).toBe("ecs.web");
  const user = ["anna@example.org", "Anna", "Österreicher", "f"];
  expect(plan("create-internal-user", ...user).command.slice(-4)).toEqual(user);
  expect(() => plan("create-internal-user", "no address", "Anna", "B", "f")).toThrow(/argument 1 does not match/);
});
