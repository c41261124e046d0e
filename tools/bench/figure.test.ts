import { describe, expect, it } from "vitest";
import { below, median, quantile, spread } from "./figure.ts";

describe("figures", () => {
  it("names the sample in the middle, in whatever order they came", () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2);
  });

  it("names the sample that 99 of 100 are not above", () => {
    expect(
      quantile(
        Array.from({ length: 100 }, (_, index) => index + 1),
        0.99,
      ),
    ).toBe(99);
  });

  it("refuses to make a figure of nothing", () => {
    expect(() => median([])).toThrow("no samples");
  });

  it("shows how far the samples lie apart and how many they are", () => {
    expect(spread([0.3, 0.1, 0.2], "s", 1)).toBe("0.2 s (0.1 to 0.3, n 3)");
  });

  it("judges the median, not the slowest run", () => {
    expect(below("apply", [0.4, 0.5, 7], 1, "s").met).toBe(true);
    expect(below("apply", [0.4, 1, 7], 1, "s").met).toBe(false);
  });
});
