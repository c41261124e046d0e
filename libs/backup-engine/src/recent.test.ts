import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRecent } from "./recent.ts";

describe("what a target listed last", () => {
  const listing = new Map([["duplicity-full.20260101T003000Z.manifest.gpg", 812]]);
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("serves for a minute, and no longer", () => {
    const recent = createRecent();
    recent.keep(listing);
    vi.advanceTimersByTime(59_000);
    expect(recent.recall()).toBe(listing);
    vi.advanceTimersByTime(1_000);
    expect(recent.recall()).toBeUndefined();
  });

  it("is gone when a program was started since", () => {
    const recent = createRecent();
    recent.keep(listing);
    recent.forget();
    expect(recent.recall()).toBeUndefined();
  });
});
