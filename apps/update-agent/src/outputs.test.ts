import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createOutputs } from "./outputs.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("an output that is secret", () => {
  it("can be read once, and leaves the others as they are", () => {
    const outputs = createOutputs();
    const [one, other] = [outputs.keep("one"), outputs.keep("other")];
    expect(outputs.take(one)).toBe("one");
    expect(() => outputs.take(one)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
    expect(outputs.take(other)).toBe("other");
  });

  it("is forgotten after an hour, read or not", () => {
    const outputs = createOutputs();
    const [early, late] = [outputs.keep("early"), outputs.keep("late")];
    vi.advanceTimersByTime(59 * 60_000);
    expect(outputs.take(early)).toBe("early");
    vi.advanceTimersByTime(60_000);
    expect(() => outputs.take(late)).toThrow(expect.objectContaining({ code: "NOT_FOUND" }));
  });
});
