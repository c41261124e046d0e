import type { Point } from "./engine.ts";

/** The last of `points` that is not later than `at`, or undefined when all are. */
export function pointAt(points: readonly Point[], at: Date): Point | undefined {
  return points.filter((point) => point.at <= at).reduce<Point | undefined>(later, undefined);
}

const DAY_MS = 86_400_000;

/**
 * The newest of `points`, or undefined where there are none. One that is more than a day later than `now` was made under a clock that
 * was ahead, and what came after it is newer. Where all are that late, the clock is behind now, and their order is right.
 */
export function newestPoint(points: readonly Point[], now: Date): Point | undefined {
  return pointAt(points, new Date(now.getTime() + DAY_MS)) ?? points.reduce<Point | undefined>(later, undefined);
}

const later = (a: Point | undefined, b: Point) => (a && a.at > b.at ? a : b);
