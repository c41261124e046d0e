import { describe, expect, it } from "vitest";
import { planPackageCache, type PackageCacheObserved } from "./plan-package-cache.ts";

const IMAGE = "appliance/package-cache:2";
const serving: PackageCacheObserved = {
  container: { state: "running", health: "healthy", image: IMAGE },
  hasFolder: true,
  apt: "told",
  aptUnavailable: undefined,
};
const nothing: PackageCacheObserved = { ...serving, container: undefined, hasFolder: false, apt: "not told" };

const actions = (isAskedFor: boolean, observed: PackageCacheObserved) =>
  planPackageCache({ isAskedFor, image: IMAGE }, observed).map(({ action }) => action);
const withContainer = (container: Partial<NonNullable<PackageCacheObserved["container"]>>): PackageCacheObserved => ({
  ...serving,
  container: { state: "running", health: "healthy", image: IMAGE, ...container },
});

describe("where env.yml asks for a package cache", () => {
  it("starts it before apt is told, and then has nothing to do", () => {
    expect(actions(true, nothing)).toEqual(["start", "tell apt"]);
    expect(actions(true, serving)).toEqual([]);
  });

  it.each([
    ["start", "ended", withContainer({ state: "exited", health: null })],
    ["replace", "is unhealthy", withContainer({ health: "unhealthy" })],
    ["replace", "is of another version", withContainer({ image: "appliance/package-cache:1" })],
    ["replace", "lost its folder", { ...serving, hasFolder: false }],
    ["tell apt", "is known to apt in part only", { ...serving, apt: "half" as const }],
  ])("plans to %s one that %s", (action, _what, observed) => {
    expect(actions(true, observed)).toEqual([action]);
  });

  it("waits for one that is starting", () => {
    expect(actions(true, withContainer({ health: "starting" }))).toEqual([]);
  });

  it("leaves apt alone where the host is another's", () => {
    const [, tellApt] = planPackageCache(
      { isAskedFor: true, image: IMAGE },
      { ...nothing, aptUnavailable: "it is another's host" },
    );
    expect(tellApt).toMatchObject({ action: "tell apt", unavailable: "it is another's host" });
  });

  it("never takes the application away for it", () => {
    for (const observed of [nothing, withContainer({ health: "unhealthy" })])
      for (const step of planPackageCache({ isAskedFor: true, image: IMAGE }, observed))
        expect(step).toMatchObject({ restarts: [], downtime: null });
  });
});

describe("where env.yml asks for none", () => {
  it("does nothing where there is none", () => {
    expect(actions(false, nothing)).toEqual([]);
  });

  it.each([
    ["all of it", serving],
    ["a container", { ...nothing, container: serving.container }],
    ["a folder", { ...nothing, hasFolder: true }],
    ["something that apt was told", { ...nothing, apt: "half" as const }],
  ])("removes %s that is left", (_what, observed) => {
    expect(actions(false, observed)).toEqual(["remove"]);
  });
});
