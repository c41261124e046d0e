import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import * as z from "zod";
import { Job } from "./api-shapes.ts";
import type { Api } from "./api.ts";
import { createBackupProgress, type DescribeProgress } from "./backup-progress.ts";

/** Quick work is answered quickly; what takes longer is looked at five times a second. */
const FIRST_LOOK_MS = 25;
const LOOK_EVERY_MS = 200;
/** An agent may be replaced or restarted by the very work that is waited for. */
const SILENCE_ALLOWED_MS = 120_000;
/** Whoever waits is told of a silence before they wonder; a restart is mostly over by then. */
const SILENCE_UNTOLD_MS = 5000;

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
  describe: DescribeProgress = createBackupProgress(),
): Promise<unknown> {
  const id = `cli-${randomUUID()}`;
  await api.enqueue(request.name, id, request.data);
  const sayOnce = withoutRepetition(say);
  const patience = createPatience(api, sayOnce);
  try {
    for (let pauseMs = FIRST_LOOK_MS; ; pauseMs = Math.min(2 * pauseMs, LOOK_EVERY_MS)) {
      const job = await look(api, { ...request, id }, patience);
      if (job?.state === "failed") throw asError(api, job);
      if (job?.state === "completed") return job.result;
      sayOnce(job && describe(job.progress));
      await sleep(pauseMs);
    }
  } finally {
    patience.end();
  }
}

/** The job, asked for again where it vanished, or the work that it waits for; undefined while nobody answers. */
async function look(api: Api, { queue, name, id, data }: Request & { id: string }, patience: Patience) {
  try {
    const job = await api.job(queue, id);
    patience.heard();
    if (!job) await api.enqueue(name, id, data);
    return job?.state === "waiting" ? await workBefore(api, queue) : job;
  } catch (err) {
    if (!isSilence(err)) throw err;
    patience.silent(err);
    return undefined;
  }
}

/** What waiting work waits for, such as the start that an agent makes by itself. */
async function workBefore(api: Api, queue: string): Promise<Job | undefined> {
  const jobs = z.array(Job).parse(await api.get("/jobs"));
  return jobs.find((job) => job.queue === queue && job.state === "active");
}

type Patience = ReturnType<typeof createPatience>;

/** Tells of a silence by a timer: an agent that hangs lets even a look wait. */
function createPatience({ agent }: Api, say: (text: string) => void) {
  let silentSince: number | undefined;
  let reason = `${agent} does not answer.`;
  const tell = () => say(`Waiting: ${reason} Look with \`appliance status\` and \`appliance logs ${agent}\``);
  const notice = setTimeout(tell, SILENCE_UNTOLD_MS);
  return {
    heard() {
      silentSince = undefined;
      notice.refresh();
    },
    silent(err: OperatorError) {
      reason = err.message;
      silentSince ??= performance.now();
      if (performance.now() - silentSince > SILENCE_ALLOWED_MS) throw err;
    },
    end: () => clearTimeout(notice),
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

function isSilence(err: unknown): err is OperatorError {
  return err instanceof OperatorError && (err.code === "AGENT_UNREACHABLE" || err.code === "QUEUE_UNAVAILABLE");
}

function asError({ agent }: Api, { failure }: Job): OperatorError {
  const unknown = { code: "INTERNAL", message: "The work failed.", remedy: `Read \`appliance logs ${agent}\`.` };
  const { code, message, remedy } = failure ?? unknown;
  return new OperatorError(code, message, { remedy });
}
