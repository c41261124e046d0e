import { describe, expect, it } from "vitest";
import { OperatorError } from "@appliance/errors";
import { applyConfig, planConfig, refuseWhileFailed, type ApplyDeps } from "./apply-config.ts";
import { step, type Capability, type PlannedStep, type RunContext, type Wanted } from "./capability.ts";

const wanted = {} as Wanted;

/** A capability whose steps vanish once they were applied, as real ones do; `diary` is told what happened. */
function capability(name: string, diary: string[], planned: Partial<PlannedStep>[] = [{}]): Capability {
  let left = planned.map((overrides, index) =>
    step({ capability: name, summary: `${name} ${index + 1}`, ...overrides }),
  );
  return {
    name,
    title: `Doing ${name}`,
    plan: async () => left,
    async apply({ summary }) {
      diary.push(summary);
      left = left.filter((one) => one.summary !== summary);
    },
  };
}

function setUp(capabilities: Capability[], diary: string[]) {
  const stop = new AbortController();
  const run: RunContext = { runId: "run-1", signal: stop.signal, note: () => {} };
  const deps: ApplyDeps = {
    capabilities,
    onlyWhileRunning: new Set(["application"]),
    interrupt: async () => void diary.push("page on"),
    onStep: async () => {},
    onStepDone: async () => {},
  };
  return { deps, run, stop };
}

describe("applyConfig", () => {
  it("carries out what each part plans, in the order of start, and finds nothing the second time", async () => {
    const diary: string[] = [];
    const { deps, run } = setUp([capability("storage", diary, [{}, {}]), capability("application", diary)], diary);
    const first = await applyConfig(wanted, "running", run, deps);
    expect(diary).toEqual(["storage 1", "storage 2", "application 1"]);
    expect(first.changed).toBe(3);
    expect(await applyConfig(wanted, "running", run, deps)).toEqual({ steps: [], changed: 0 });
  });

  it("shows the page once, before the first step that interrupts the application", async () => {
    const diary: string[] = [];
    const { deps, run } = setUp(
      [capability("storage", diary), capability("database", diary, [{ downtime: "a minute" }, { downtime: "more" }])],
      diary,
    );
    await applyConfig(wanted, "running", run, deps);
    expect(diary).toEqual(["storage 1", "page on", "database 1", "database 2"]);
  });

  it("shows the page before an application that is down is started", async () => {
    const diary: string[] = [];
    const { deps, run } = setUp([capability("application", diary, [{ applicationIsDown: true }])], diary);
    await applyConfig(wanted, "running", run, deps);
    expect(diary).toEqual(["page on", "application 1"]);
  });

  it("leaves the application alone while it is not to run", async () => {
    const diary: string[] = [];
    const { deps, run } = setUp([capability("storage", diary), capability("application", diary)], diary);
    await applyConfig(wanted, "stopped", run, deps);
    expect(diary).toEqual(["storage 1"]);
  });

  it("does not carry out what this host gives no power for", async () => {
    const diary: string[] = [];
    const { deps, run } = setUp([capability("hostname", diary, [{ unavailable: "it is another's host" }])], diary);
    expect(await applyConfig(wanted, "running", run, deps)).toEqual({ steps: [], changed: 0 });
    expect(diary).toEqual([]);
  });

  it("goes on after a failed step that the appliance serves without, and says why it failed", async () => {
    const diary: string[] = [];
    const fails = () => Promise.reject(new OperatorError("TAKEN", "The port is taken.", { remedy: "Free it." }));
    const cache = { ...capability("cache", diary), isOptional: true, apply: fails };
    const { deps, run } = setUp([cache, capability("application", diary)], diary);
    const { steps } = await applyConfig(wanted, "running", run, deps);
    expect(steps[0]?.failed).toBe("The port is taken. → Free it. (TAKEN)");
    expect(diary).toEqual(["application 1"]);
    deps.capabilities = [{ ...cache, isOptional: false }, capability("application", diary)];
    await expect(applyConfig(wanted, "running", run, deps)).rejects.toThrow("The port is taken.");
  });

  it("begins no further step once its agent is stopping", async () => {
    const diary: string[] = [];
    const { deps, run, stop } = setUp([capability("storage", diary, [{}, {}])], diary);
    deps.onStepDone = async () => stop.abort(new Error("stopping"));
    await expect(applyConfig(wanted, "running", run, deps)).rejects.toThrow("stopping");
    expect(diary).toEqual(["storage 1"]);
  });
});

describe("planConfig", () => {
  it("shows every step with nothing of what carries it out", async () => {
    const diary: string[] = [];
    const secret = capability("slices", diary, [{ content: "hunter22" } as Partial<PlannedStep>]);
    const { deps } = setUp([secret], diary);
    expect(await planConfig(wanted, "running", deps)).toEqual([
      { capability: "slices", summary: "slices 1", changes: [], restarts: [], downtime: null },
    ]);
    expect(diary).toEqual([]);
  });

  it("tells each part whether the steps before it take the application away", async () => {
    const told: unknown[] = [];
    const listening: Capability = { ...capability("open", []), plan: async (_wanted, ahead) => (told.push(ahead), []) };
    const replacing = capability("application", [], [{ downtime: "some seconds" }]);
    const { deps } = setUp([listening, replacing, listening], []);
    await planConfig(wanted, "running", deps);
    expect(told).toEqual([{ pageIsOn: false }, { pageIsOn: true }]);
  });

  it("says what it would do if it had the power", async () => {
    const { deps } = setUp([capability("hostname", [], [{ unavailable: "this root is not the host's." }])], []);
    const [only] = await planConfig(wanted, "running", deps);
    expect(only?.summary).toBe("hostname 1 (not carried out here: this root is not the host's.)");
  });

  it("names a part that cannot be asked before the steps in front of it are done", async () => {
    const unreachable: Capability = {
      ...capability("database", []),
      plan: () =>
        Promise.reject(new OperatorError("DATABASE_UNREACHABLE", "PostgreSQL does not answer.", { remedy: "Wait." })),
    };
    const { deps } = setUp([capability("storage", []), unreachable], []);
    const steps = await planConfig(wanted, "running", deps);
    expect(steps.map(({ summary }) => summary)).toEqual([
      "storage 1",
      "Doing database, once the steps before are done (now: PostgreSQL does not answer.)",
    ]);
  });
});

describe("refuseWhileFailed", () => {
  it("keeps what starts by itself off until the failure is cleared, and lets a person try", () => {
    expect(() => refuseWhileFailed(true, "boot")).toThrow(expect.objectContaining({ code: "APPLIANCE_FAILED" }));
    expect(() => refuseWhileFailed(true, "operator")).not.toThrow();
    expect(() => refuseWhileFailed(false, "boot")).not.toThrow();
  });
});
