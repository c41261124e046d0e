import type { Point } from "./engine.ts";

/** The last of `points` that is not later than `at`, or undefined when all are. */
export function pointAt(points: readonly Point[], at: Date): Point | undefined {
  return points.filter((point) => point.at <= at).reduce<Point | undefined>(later, undefined);
}

const later = (a: Point | undefined, b: Point) => (a && a.at > b.at ? a : b);
