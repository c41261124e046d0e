import type { AgentHttp } from "@appliance/agent";
import * as z from "zod";
import type { FailureFile } from "./status/failure.ts";
import type { Status } from "./status/status.ts";
import type { ActiveEnv } from "./active-env.ts";
import type { EnvFinder } from "./env-source.ts";

const StatusAnswer = z.object({
  phase: z.enum(["unconfigured", "starting", "failed", "stopped", "standby", "updating", "recovering", "ready"]),
  headline: z.string(),
  domain: z.string().optional(),
  hint: z.string().optional(),
  /** ISO 8601; absent until the first run. */
  updatedAt: z.string().optional(),
  steps: z.array(
    z.object({
      name: z.string(),
      state: z.enum(["done", "running", "waiting", "failed"]),
      detail: z.string().optional(),
      seconds: z.number().optional(),
    }),
  ),
  failure: z.object({ code: z.string(), message: z.string(), remedy: z.string(), since: z.string() }).optional(),
  /** The active configuration and where it came from; null before the first apply. */
  env: z.object({ source: z.string(), sha256: z.string() }).nullable(),
  /** Where the last search found no env.yml before it came to one, and why. */
  passedOver: z.array(z.object({ source: z.string(), reason: z.string() })),
});

interface Deps {
  status: Status;
  failure: FailureFile;
  activeEnv: ActiveEnv;
  finder: EnvFinder;
}

/** What config-agent tells beyond what every agent does. */
export function routes({ status, failure, activeEnv, finder }: Deps) {
  return (app: AgentHttp): void => {
    const schema = { summary: "What the appliance is doing", response: { 200: StatusAnswer } };
    app.get("/status", { schema }, async () => {
      const { steps, ...current } = status.get();
      // The file is the truth: an operator may have removed it, and a failure may have been written before this agent started.
      const stored = await failure.read();
      const active = await activeEnv.read();
      const cleared = current.phase === "failed" && !stored;
      return {
        ...current,
        ...(stored ? { phase: "failed" as const, failure: stored } : {}),
        ...(cleared
          ? {
              phase: "starting" as const,
              headline: "The failure was cleared",
              hint: "Start the appliance with `appliance start`.",
            }
          : {}),
        steps: [...steps],
        env: active && { source: active.name, sha256: active.sha256 },
        passedOver: [...finder.passedOver()],
      };
    });
  };
}
