/** One line of the table: what was measured, and what it stands beside. */
export interface Figure {
  name: string;
  /** With its unit, such as `0.42 s (0.31 to 0.66, n 15)`. */
  measured: string;
  /** The goal, or a peer that was measured in the same run. */
  beside: string;
  /** Whether the goal was met; left out where there is none. */
  met?: boolean;
}

export function median(samples: readonly number[]): number {
  return quantile(samples, 0.5);
}

/** The smallest sample that at least this share of all is not above. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError("no samples");
  return found;
}

/** Median, range and number: `0.42 s (0.31 to 0.66, n 15)`. */
export function spread(samples: readonly number[], unit: string, digits = 2): string {
  const text = (value: number) => value.toFixed(digits);
  const range = `${text(Math.min(...samples))} to ${text(Math.max(...samples))}`;
  return `${text(median(samples))} ${unit} (${range}, n ${samples.length})`;
}

/** A figure whose median is to stay below a limit in the same unit. */
export function below(name: string, samples: readonly number[], limit: number, unit: string, digits = 2): Figure {
  return {
    name,
    measured: spread(samples, unit, digits),
    beside: `below ${limit} ${unit}`,
    met: median(samples) < limit,
  };
}

/** A figure without a goal of its own. */
export function plain(name: string, measured: string, beside = ""): Figure {
  return { name, measured, beside };
}
