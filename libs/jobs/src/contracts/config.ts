import * as z from "zod";
import { defineJob } from "../contract.ts";
import { HOUR_MS, MINUTE_MS, requestedBy, runId } from "./shared.ts";

/** One thing that a step changes; secrets are already redacted. `from` is missing for what is new, `to` for what goes. */
export const Change = z.object({ what: z.string(), from: z.string().optional(), to: z.string().optional() });
export type Change = z.infer<typeof Change>;

/** A step of a plan, as `appliance apply --dry-run` shows it. */
export const Step = z.object({
  /** The part of the appliance, such as `hostname` or `database`. */
  capability: z.string(),
  /** One sentence in the imperative. */
  summary: z.string(),
  changes: z.array(Change),
  /** Services that start again. */
  restarts: z.array(z.string()),
  /** What users notice and for how long, or null. */
  downtime: z.string().nullable(),
  /** Of a step that was carried out in vain, why; only where the appliance serves without what it was for. */
  failed: z.string().optional(),
});
export type Step = z.infer<typeof Step>;

export const ApplyProgress = z.object({
  capability: z.string(),
  step: z.string(),
  /** Steps finished so far. */
  done: z.int().min(0),
  total: z.int().min(0),
});
export type ApplyProgress = z.infer<typeof ApplyProgress>;

/** Makes the appliance what env.yml says; with `dryRun` only says what that would change. */
export const ConfigApply = defineJob({
  queue: "config",
  name: "config.apply",
  data: z.object({
    requestedBy,
    dryRun: z.boolean().default(false),
    /** `operator` is a person who asked; everything else keeps off while a failure is not cleared. */
    reason: z.enum(["operator", "boot", "repair", "update"]).default("operator"),
    /** Starts an application that the operator stopped; without it, it stays stopped. */
    start: z.boolean().default(false),
    /** Devices that `appliance:storage:setup` names and that may lose in this run what they carry. */
    forceStorage: z.array(z.string().max(255)).max(32).default([]),
    runId,
  }),
  result: z.object({ steps: z.array(Step), changed: z.int().min(0), dryRun: z.boolean() }),
  progress: ApplyProgress,
  attempts: 1,
  timeLimitMs: 3 * HOUR_MS,
  owner: "config-agent",
  senders: ["update-agent"],
  http: true,
});
export type ConfigApply = z.infer<typeof ConfigApply.data>;

/** A problem found in env.yml. Line and column count from 1. */
export const ConfigProblem = z.object({
  severity: z.enum(["error", "warning"]),
  path: z.string(),
  message: z.string(),
  file: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  suggestion: z.string().optional(),
});
export type ConfigProblem = z.infer<typeof ConfigProblem>;

/** Reads and checks env.yml as an apply would find it, and changes nothing. */
export const ConfigCheck = defineJob({
  queue: "config",
  name: "config.check",
  data: z.object({ requestedBy, runId }),
  result: z.object({ source: z.string().nullable(), problems: z.array(ConfigProblem) }),
  attempts: 1,
  timeLimitMs: 5 * MINUTE_MS,
  owner: "config-agent",
  senders: ["update-agent"],
  http: true,
});
export type ConfigCheck = z.infer<typeof ConfigCheck.data>;

/** Stops the application and keeps it stopped, also after a reboot, until the next apply. */
export const ConfigStop = defineJob({
  queue: "config",
  name: "config.stop",
  data: z.object({ requestedBy, runId }),
  result: z.object({ stopped: z.array(z.string()) }),
  attempts: 1,
  timeLimitMs: 30 * MINUTE_MS,
  owner: "config-agent",
  senders: ["update-agent"],
  http: true,
});
export type ConfigStop = z.infer<typeof ConfigStop.data>;
