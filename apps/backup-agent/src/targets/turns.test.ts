import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { createTurns } from "./turns.ts";

const never = new AbortController().signal;

describe("createTurns", () => {
  it("does one work at a time for each name, in the order of asking, also after one that failed", async () => {
    const turns = createTurns();
    const seen: string[] = [];
    const work = (name: string) => async () => {
      seen.push(`${name} begins`);
      await sleep(5);
      seen.push(`${name} ends`);
      if (name === "first") throw new Error("first failed");
    };
    const first = turns.take("main", never, work("first"));
    const second = turns.take("main", never, work("second"));
    await expect(first).rejects.toThrow("first failed");
    await second;
    expect(seen).toEqual(["first begins", "first ends", "second begins", "second ends"]);
  });

  it("holds up no other name", async () => {
    const turns = createTurns();
    const held = Promise.withResolvers<void>();
    const holding = turns.take("main", never, () => held.promise);
    expect(await turns.take("copy", never, async () => "done")).toBe("done");
    held.resolve();
    await holding;
  });

  it("tells a person that the target is busy, and lets the patient wait until it is free", async () => {
    const turns = createTurns(10);
    const held = Promise.withResolvers<void>();
    const drill = turns.take("main", never, () => held.promise);
    const backup = turns.take("main", never, async () => "saved", { patient: true });
    await expect(turns.take("main", never, async () => "listed")).rejects.toMatchObject({ code: "BACKUP_TARGET_BUSY" });
    await sleep(30);
    held.resolve();
    expect(await backup).toBe("saved");
    await drill;
  });

  it("ends the waiting of the patient with their signal", async () => {
    const turns = createTurns();
    const held = Promise.withResolvers<void>();
    const drill = turns.take("main", never, () => held.promise);
    const stopping = new AbortController();
    const backup = turns.take("main", stopping.signal, async () => "saved", { patient: true });
    stopping.abort(new Error("the agent is stopping"));
    await expect(backup).rejects.toThrow("the agent is stopping");
    held.resolve();
    await drill;
  });
});
