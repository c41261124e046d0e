import { Gauge, type Registry } from "prom-client";
import type { BackupAgentSlice } from "./slice.ts";
import type { TargetState, TargetStates } from "./targets/target-state.ts";

export interface MetricsDeps {
  /** @throws OperatorError `SLICE_MISSING` */
  slice: () => Promise<Pick<BackupAgentSlice, "targets">>;
  states: Pick<TargetStates, "read">;
  now: () => Date;
}

/** The target of `appliance:backup:url`: what dashboards made for the older system mean. */
const MAIN = "main";

/** The figures of backups, from what is known here: no target is asked for them. */
export function backupMetrics(deps: MetricsDeps): (registry: Registry) => void {
  return (registry) => {
    for (const figure of FIGURES)
      registry.registerMetric(
        new Gauge({
          name: figure.name,
          help: figure.help,
          labelNames: figure.labels,
          registers: [],
          async collect() {
            const samples = (await known(deps)).flatMap((target) => figure.samples(target, deps.now()));
            this.reset();
            if (figure.labels.length === 0) this.remove(); // without labels a reset is a zero, which would be a figure
            for (const { labels = {}, value } of samples) this.set(labels, value);
          },
        }),
      );
  };
}

interface Known {
  target: string;
  state: TargetState;
}

/** Without a slice there are no figures; that it is missing is told by readiness. */
async function known({ slice, states }: MetricsDeps): Promise<Known[]> {
  const { targets } = await slice().catch(() => ({ targets: [] }));
  return Promise.all(targets.map(async ({ name: target }) => ({ target, state: await states.read(target) })));
}

interface Sample {
  labels?: Record<string, string>;
  value: number;
}

interface Figure {
  name: string;
  help: string;
  labels: string[];
  samples: (of: Known, now: Date) => Sample[];
}

type Run = NonNullable<TargetState["lastRun"]>;
type Value = number | null | undefined;

const sample = (value: Value, labels?: Record<string, string>): Sample[] =>
  value === null || value === undefined ? [] : [{ value, ...(labels ? { labels } : {}) }];

/** Of the last run at `main`, as the older system gave it: without labels. */
const lastRun = (name: string, help: string, value: (run: Run) => number): Figure => ({
  name: `backup_last_${name}`,
  help,
  labels: [],
  samples: ({ target, state: { lastRun: run } }) => (target === MAIN && run ? sample(value(run)) : []),
});

const eachTarget = (name: string, help: string, value: (state: TargetState, now: Date) => Value): Figure => ({
  name: `backup_${name}`,
  help,
  labels: ["target"],
  samples: ({ target, state }, now) => sample(value(state, now), { target }),
});

const seconds = (instant: string | undefined) => (instant === undefined ? null : Date.parse(instant) / 1000);
const kilobytes = (bytes: number) => Math.round(bytes / 1024);

/** The instant of what would be restored, not the one at which it was stored. */
const savedAt = ({ lastSuccess }: TargetState) => lastSuccess?.point?.at ?? lastSuccess?.startedAt;

function age(state: TargetState, now: Date): Value {
  const at = seconds(savedAt(state));
  return at === null ? null : Math.max(0, now.getTime() / 1000 - at);
}

const OUTCOMES = ["saved", "incomplete", "failed"] as const;

/** The last run, one sample for each way in which it can end. */
const OUTCOME: Figure = {
  name: "backup_last_outcome",
  help: "1 for how the last backup of a target ended, 0 for how it did not.",
  labels: ["target", "outcome"],
  samples: ({ target, state: { lastRun: run } }) =>
    run ? OUTCOMES.map((outcome) => ({ labels: { target, outcome }, value: outcome === run.outcome ? 1 : 0 })) : [],
};

const PROBLEM: Figure = {
  name: "backup_problem",
  help: "1 for what is wrong with a target now, by the work that found it and the code of its failure.",
  labels: ["target", "part", "code"],
  samples: ({ target, state: { lastRun, alerts, verified, drill } }) =>
    Object.entries({
      run: [lastRun?.failure, ...alerts],
      verify: [verified?.failure],
      drill: [drill?.failure],
    }).flatMap(([part, failures]) =>
      failures.flatMap((failure) => (failure ? [{ labels: { target, part, code: failure.code }, value: 1 }] : [])),
    ),
};

const FIGURES: readonly Figure[] = [
  lastRun("start_time", "Begin of the last backup, in seconds since the epoch.", (run) => seconds(run.startedAt) ?? 0),
  lastRun("duration", "Seconds that the last backup took.", (run) => run.seconds),
  lastRun("size", "Kilobytes that the last backup added at the target.", ({ stored }) => kilobytes(stored.bytes)),
  lastRun("volumes", "Files that the last backup added at the target.", ({ stored }) => stored.files),
  lastRun("data_size", "Kilobytes of all that was backed up last.", ({ source }) => kilobytes(source.bytes)),
  eachTarget("last_success", "Instant of the last whole backup, in seconds since the epoch.", (state) =>
    seconds(savedAt(state)),
  ),
  eachTarget("age_seconds", "Seconds since the instant of the last whole backup.", age),
  eachTarget("last_verified", "When the target was last found whole, in seconds since the epoch.", ({ verified }) =>
    verified?.failure === null ? seconds(verified.at) : null,
  ),
  eachTarget("everything_read_since", "When what was read longest ago was read, in seconds since the epoch.", (state) =>
    seconds(state.verified?.everythingReadSince ?? undefined),
  ),
  eachTarget(
    "last_proven_restore",
    "When a backup was last restored and found right, in seconds since the epoch.",
    (s) => seconds(s.proven?.at),
  ),
  eachTarget("proven_whole", "1 where that was all of it, 0 where it was a sample.", ({ proven }) =>
    proven ? Number(proven.whole) : null,
  ),
  eachTarget(
    "recovery_seconds",
    "What a recovery takes, as measured by the last drill.",
    ({ proven }) => proven?.seconds,
  ),
  eachTarget(
    "stored_bytes",
    "Bytes at the target, with everything that belongs to the backup.",
    ({ usage }) => usage?.stored.bytes,
  ),
  eachTarget("points", "Backups at the target that can be restored.", ({ usage }) => usage?.points),
  eachTarget("forecast_bytes", "Bytes that the next backup is expected to add.", ({ forecast }) => forecast?.needBytes),
  eachTarget(
    "free_bytes",
    "Bytes that were free at the target after the last backup.",
    ({ forecast }) => forecast?.freeBytes,
  ),
  OUTCOME,
  PROBLEM,
];
