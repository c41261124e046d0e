import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import * as z from "zod";
import { Job } from "./api-shapes.ts";
import type { Api } from "./api.ts";

/** Quick work is answered quickly; what takes longer is looked at five times a second. */
const FIRST_LOOK_MS = 25;
const LOOK_EVERY_MS = 200;
/** An agent may be replaced or restarted by the very work that is waited for. */
const SILENCE_ALLOWED_MS = 120_000;

const Progress = z.object({ step: z.string() });

/** What the progress of work is in words, or undefined where it tells nothing. */
export type DescribeProgress = (progress: unknown) => string | undefined;

export interface Request {
  queue: string;
  name: string;
  data: object;
}

/**
 * Has a job done, says what it is doing and brings its result, through restarts of the agent meanwhile. A job that vanished,
 * because the queue was emptied, is asked for again under its id: what it already did is not done twice.
 * @throws OperatorError the job's failure, or `AGENT_UNREACHABLE` when the agent stayed silent
 */
export async function followJob(
  api: Api,
  request: Request,
  say: (text: string) => void,
  describe: DescribeProgress = stepOf,
): Promise<unknown> {
  const id = `cli-${randomUUID()}`;
  await api.enqueue(request.name, id, request.data);
  const patience = createPatience();
  const sayOnce = withoutRepetition(say);
  for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LOOK_EVERY_MS)) {
    try {
      const job = await api.job(request.queue, id);
      patience.heard();
      if (!job) await api.enqueue(request.name, id, request.data);
      else if (job.state === "failed") throw asError(api, job);
      else if (job.state === "completed") return job.result;
      sayOnce(describe((job?.state === "waiting" ? await workBefore(api, request.queue) : job)?.progress));
    } catch (err) {
      if (!isSilence(err)) throw err;
      patience.silent(err);
    }
    await sleep(pauseMs);
  }
}

function stepOf(progress: unknown): string | undefined {
  return Progress.safeParse(progress).data?.step;
}

/** What waiting work waits for, such as the start that an agent makes by itself. */
async function workBefore(api: Api, queue: string): Promise<Job | undefined> {
  const jobs = z.array(Job).parse(await api.get("/jobs"));
  return jobs.find((job) => job.queue === queue && job.state === "active");
}

function createPatience() {
  let silentSince: number | undefined;
  return {
    heard: () => (silentSince = undefined),
    silent(err: unknown) {
      silentSince ??= performance.now();
      if (performance.now() - silentSince > SILENCE_ALLOWED_MS) throw err;
    },
  };
}

function withoutRepetition(say: (text: string) => void) {
  let said: string | undefined;
  return (text: string | undefined) => {
    if (text === undefined || text === said) return;
    said = text;
    say(`  ${text}`);
  };
}

function isSilence(err: unknown): boolean {
  return err instanceof OperatorError && (err.code === "AGENT_UNREACHABLE" || err.code === "QUEUE_UNAVAILABLE");
}

function asError({ agent }: Api, { failure }: Job): OperatorError {
  const unknown = { code: "INTERNAL", message: "The work failed.", remedy: `Read \`appliance logs ${agent}\`.` };
  const { code, message, remedy } = failure ?? unknown;
  return new OperatorError(code, message, { remedy });
}
