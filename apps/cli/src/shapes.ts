import * as z from "zod";

/*
 * What the command reads of config-agent's answers. It stands beside the agents, not on their code: the command of today must
 * understand an agent of tomorrow, so only what is shown is checked, and unknown keys are dropped.
 */

const Change = z.object({ what: z.string(), from: z.string().optional(), to: z.string().optional() });
const AppliedStep = z.object({
  summary: z.string(),
  changes: z.array(Change),
  restarts: z.array(z.string()),
  downtime: z.string().nullable(),
  failed: z.string().optional(),
});
export type AppliedStep = z.infer<typeof AppliedStep>;

export const ConfigApplyResult = z.object({ steps: z.array(AppliedStep), changed: z.int(), dryRun: z.boolean() });

const PassedOver = z.object({ source: z.string(), reason: z.string() });
export type PassedOver = z.infer<typeof PassedOver>;

export const StatusAnswer = z.object({
  phase: z.string(),
  headline: z.string(),
  domain: z.string().optional(),
  hint: z.string().optional(),
  updatedAt: z.string().optional(),
  steps: z.array(z.object({ name: z.string(), state: z.string(), detail: z.string().optional() })),
  failure: z
    .object({ code: z.string(), message: z.string(), remedy: z.string(), since: z.string().optional() })
    .optional(),
  env: z.object({ source: z.string(), sha256: z.string() }).nullable().optional(),
  passedOver: z.array(PassedOver).optional(),
});
export type StatusAnswer = z.infer<typeof StatusAnswer>;

export const DatabaseCreateResult = z.object({ created: z.boolean() });

export const EnvUpdateResult = z.object({
  source: z.string(),
  sha256: z.string(),
  before: z.string().nullable(),
  changes: z.array(Change),
  passedOver: z.array(PassedOver),
  warnings: z.array(z.string()),
});
export type EnvUpdateResult = z.infer<typeof EnvUpdateResult>;

/** What an operation of the application brought; where it is secret, the id under which it can be read once. */
export const OperationResult = z.object({
  exitCode: z.int(),
  output: z.string(),
  outputId: z.string().nullable().default(null),
});
export const SecretOutput = z.object({ output: z.string() });
