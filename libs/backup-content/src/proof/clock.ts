import type { Report } from "./report.ts";

type Stage = "files" | "documents" | "unpack" | "load" | "check";

/** Measures what each part of a proof takes, in milliseconds. */
export interface Clock {
  measure<T>(stage: Stage, work: () => Promise<T>): Promise<T>;
  result(restoreMs: number): Report["milliseconds"];
}

export function createClock(): Clock {
  const startedAt = performance.now();
  const spent: Record<Stage, number> = { files: 0, documents: 0, unpack: 0, load: 0, check: 0 };
  const since = (start: number) => Math.round(performance.now() - start);
  return {
    async measure(stage, work) {
      const start = performance.now();
      try {
        return await work();
      } finally {
        spent[stage] += since(start);
      }
    },
    result: (restoreMs) => ({
      restore: Math.round(restoreMs),
      ...spent,
      total: Math.round(restoreMs) + since(startedAt),
    }),
  };
}
