import type { Env } from "@appliance/env";
import type { Change, Step } from "@appliance/jobs";
import type { TlsTexts } from "./tls-texts.ts";

/** What env.yml and this machine ask for: the input of every plan. */
export interface Wanted {
  env: Env;
  /** Keys and certificates of `appliance:ssl`, also those that env.yml names as files. */
  tls: TlsTexts;
  /** The chosen source, as the operator knows it, such as `/app/env.yml`. */
  source: string;
  /** Its bytes; what `/run/active-env.yml` is to hold. */
  text: Uint8Array;
  /** env.yml flattened as shell scripts of the application know it: `ECS_SETTINGS`, `APPLIANCE_DOMAIN`, … */
  flat: Record<string, string>;
  /** What differs from the active env.yml, secrets redacted. */
  changes: Change[];
  /** IANA name, such as `Europe/Vienna`. */
  timeZone: string;
  memoryMb: number;
  cores: number;
  /** Devices of `appliance:storage:setup` that may lose in this run what they carry. */
  forceStorage?: readonly string[];
}

/** What applying a step may use of its run. */
export interface RunContext {
  runId: string;
  signal: AbortSignal;
  /** Says on the status page and to who waits what is being done just now. */
  note: (detail: string) => void;
}

/** A step as its capability planned it. */
export interface PlannedStep extends Step {
  /** Why it cannot be carried out on this host, as a sentence. */
  unavailable?: string | undefined;
  /** Nothing of the application runs before it: browsers get the status page until the end of the run. */
  applicationIsDown?: boolean | undefined;
}

/**
 * One part of the appliance that env.yml decides. `plan` observes and decides, changing nothing; `apply` carries out one of
 * the steps just planned. Applied and planned again, no step is left.
 */
export interface Capability<S extends PlannedStep = PlannedStep> {
  /** As plans, logs and metrics name it. */
  readonly name: string;
  /** As the status page names it while its steps run. */
  readonly title: string;
  /** The appliance serves without it: a step that fails is told and ends no run. */
  readonly isOptional?: boolean;
  /** `pageIsOn`: the steps planned before this part take the application away. */
  plan(wanted: Wanted, ahead?: { pageIsOn: boolean }): Promise<S[]>;
  /** Is given only steps that its own `plan` returned. */
  apply(step: S, wanted: Wanted, run: RunContext): Promise<void>;
}

/** Whether browsers get the status page from this step on. */
export function showsPage({ downtime, applicationIsDown }: PlannedStep): boolean {
  return downtime !== null || applicationIsDown === true;
}

/** A step without restarts and downtime unless it says so. */
export function step<Declared extends Pick<Step, "capability" | "summary"> & Partial<PlannedStep>>(
  declared: Declared,
): PlannedStep & Declared {
  return { changes: [], restarts: [], downtime: null, ...declared };
}
