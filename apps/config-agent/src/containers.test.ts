import { OperatorError } from "@appliance/errors";
import type { Producer } from "@appliance/jobs";
import { describe, expect, it } from "vitest";
import type { RunContext, Wanted } from "./capability.ts";
import { createContainers } from "./containers.ts";

/** A queue whose answers carry how many looks there were before. */
function countingProducer(): Producer {
  let looks = 0;
  const request = async ({ name }: { name: string }) =>
    name === "containers.observe" ? { containers: [{ restartCount: looks++ }] } : {};
  return { request } as unknown as Producer;
}

const run: RunContext = { runId: "run-1", signal: new AbortController().signal, note: () => {} };
const wantedOfRun = () => ({}) as Wanted;

describe("a look at the containers", () => {
  const lookOf = async (wanted: Wanted, containers: ReturnType<typeof createContainers>) =>
    (await containers.observeFor(wanted))[0]?.restartCount;

  it("is shared by the plans of one run, and made anew for the next", async () => {
    const containers = createContainers(countingProducer());
    const wanted = wantedOfRun();
    expect([await lookOf(wanted, containers), await lookOf(wanted, containers)]).toEqual([0, 0]);
    expect(await lookOf(wantedOfRun(), containers)).toBe(1);
  });

  it("is made anew once the run changed something", async () => {
    const containers = createContainers(countingProducer());
    const wanted = wantedOfRun();
    await lookOf(wanted, containers);
    await containers.up({ project: "core", services: ["database"] }, run);
    expect(await lookOf(wanted, containers)).toBe(1);
    await containers.stop("application", [], run);
    expect(await lookOf(wanted, containers)).toBe(2);
  });

  it("is never shared with whoever asks outside of a plan", async () => {
    const containers = createContainers(countingProducer());
    await lookOf(wantedOfRun(), containers);
    expect((await containers.observe())[0]?.restartCount).toBe(1);
    expect((await containers.observe())[0]?.restartCount).toBe(2);
  });
});

describe("a recovery", () => {
  const choice = { target: null, at: null, replace: false };
  const recover = (outcomeOf: (id: string) => object) => {
    const request = async (_contract: object, _data: object, { id }: { id: string }) => outcomeOf(id);
    return createContainers({ request } as unknown as Producer).recover(choice, run, () => {});
  };
  const refuse = (code: string): never => {
    throw new OperatorError(code, "Refused.", { remedy: "None." });
  };

  it("is asked for anew where a reboot had it delivered before env.yml was handed out, after each reboot", async () => {
    const asked: string[] = [];
    const outcomeOf = (id: string) => {
      asked.push(id);
      return asked.length < 3 ? refuse("SLICE_MISSING") : { target: "main" };
    };
    expect(await recover(outcomeOf)).toEqual({ target: "main" });
    expect(asked).toEqual(["run-1-recover", "run-1-recover-2", "run-1-recover-3"]);
  });

  it("is asked for once where it failed, and not for ever where update-agent is never told", async () => {
    let asked = 0;
    const count = (code: string) => () => {
      asked++;
      return refuse(code);
    };
    await expect(recover(count("BACKUP_KEY_WRONG"))).rejects.toMatchObject({ code: "BACKUP_KEY_WRONG" });
    expect(asked).toBe(1);
    await expect(recover(count("SLICE_MISSING"))).rejects.toMatchObject({ code: "SLICE_MISSING" });
    expect(asked).toBeLessThan(100);
  });
});
