import { OperatorError } from "@appliance/errors";
import { expect, it } from "vitest";
import { step } from "../capability.ts";
import { tellFailure, tellGoal } from "./tell.ts";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** Where a failure is told, on a host whose page is shown while the application answers. */
function places() {
  const told: string[] = [];
  const status = {
    get: () => ({ domain: "ecs.test" }),
    isServing: async () => false,
    fail: async ({ code }: { code: string }) => void told.push(`page ${code}`),
    show: async (on: boolean) => void told.push(on ? "page on" : "page off"),
  };
  const failure = { write: async ({ code }: { code: string }) => void told.push(`file ${code}`) };
  const answers = async (_domain: string, signal: AbortSignal) => !signal.aborted;
  return { told, deps: { status, failure, answers, log: silent } as unknown as Parameters<typeof tellFailure>[1] };
}

it("tells a run that was cut off by its time limit as that, and still looks whether the application serves", async () => {
  const { told, deps } = places();
  const timeIsUp = new OperatorError("JOB_TIME_LIMIT", "config.apply was stopped after 10800 s.", { remedy: "Look." });
  await tellFailure(new Error("The operation was aborted"), deps, AbortSignal.abort(timeIsUp));
  expect(told).toEqual(["file JOB_TIME_LIMIT", "page JOB_TIME_LIMIT", "page off"]);
});

it("says of a serving appliance what could not be done of it", async () => {
  const settled: unknown[] = [];
  const status = {
    get: () => ({ phase: "ready", steps: [{}] }),
    settle: async (state: unknown) => void settled.push(state),
  } as unknown as Parameters<typeof tellGoal>[1]["status"];
  const pulled = { read: async () => undefined, write: async () => {}, goLive: async () => {} };
  const steps = [
    step({ capability: "certificates", summary: "Start cert-agent", failed: "Its port is taken. → Free it. (TAKEN)" }),
    step({ capability: "site", summary: "Let nginx serve ecs.test" }),
  ];
  await tellGoal("running", { status, pulled }, steps);
  expect(settled).toEqual([
    {
      phase: "ready",
      headline: "The application is in service",
      hint: "Not done: Start cert-agent: Its port is taken. → Free it. (TAKEN)",
    },
  ]);
});
