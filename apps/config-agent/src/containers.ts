import {
  ContainersObserve,
  ContainersRecover,
  ContainersRun,
  ContainersStop,
  ContainersUp,
  type BackupProgress,
  type Container,
  type DataInput,
  type Producer,
  type Project,
  type Recovered,
} from "@appliance/jobs";
import { OperatorError } from "@appliance/errors";
import type { RunContext, Wanted } from "./capability.ts";

/** What config-agent asks of update-agent, which alone holds the Docker socket. */
export interface Containers {
  observe(signal?: AbortSignal): Promise<Container[]>;
  /** The same for the plans of one run, which share a look until this agent changes something. */
  observeFor(wanted: Wanted): Promise<Container[]>;
  up(order: Omit<DataInput<typeof ContainersUp>, "runId">, run: RunContext): Promise<void>;
  stop(project: Project, services: readonly string[], run: RunContext): Promise<void>;
  /** Stops services and takes their containers away. */
  remove(project: Project, services: [string, ...string[]], run: RunContext): Promise<void>;
  /** A named one-off operation of the application group. @throws OperatorError `OPERATION_FAILED` with the end of its output. */
  operate(operation: string, run: RunContext): Promise<void>;
  /** Puts documents and database of a backup back; a run that is taken up again finds the recovery that it left. */
  recover(choice: RecoveryChoice, run: RunContext, progress: (progress: BackupProgress) => void): Promise<Recovered>;
}

/** Which backup; null for the first target that holds one, and for its last one. */
export interface RecoveryChoice {
  target: string | null;
  at: string | null;
  /** Whether what is there makes way. */
  replace: boolean;
}

/**
 * Services of the core that are started by an apply alone. The package cache and backup-agent have a container only while env.yml asks
 * for them, and both as well as cert-agent only once they started.
 */
export const DATA_STAGE: readonly string[] = ["database", "cert-agent", "backup-agent", "package-cache"];

/** At a boot update-agent may come up after this agent. */
const OBSERVE_LIMIT_MS = 120_000;

export function createContainers(producer: Producer): Containers {
  let looks = new WeakMap<Wanted, Promise<Container[]>>();
  const forgetLooks = () => (looks = new WeakMap());
  const observe: Containers["observe"] = async (signal) => {
    const options = { ...(signal ? { signal } : {}), timeLimitMs: OBSERVE_LIMIT_MS };
    return (await producer.request(ContainersObserve, {}, options)).containers;
  };
  return {
    observe,
    observeFor(wanted) {
      const look = looks.get(wanted) ?? observe();
      looks.set(wanted, look);
      return look;
    },
    async up(order, { runId, signal, note }) {
      forgetLooks();
      const id = jobId(runId, "up", order.project, ...order.services);
      const onProgress = ({ sentence }: { sentence: string }) => note(sentence);
      await producer.request(ContainersUp, { ...order, runId }, { id, signal, onProgress });
    },
    async stop(project, services, { runId, signal }) {
      forgetLooks();
      await producer.request(
        ContainersStop,
        { project, services: [...services], runId },
        { id: jobId(runId, "stop", project, ...services), signal },
      );
    },
    async remove(project, services, { runId, signal }) {
      forgetLooks();
      const id = jobId(runId, "remove", project, ...services);
      await producer.request(ContainersStop, { project, services, remove: true, runId }, { id, signal });
    },
    async operate(operation, { runId, signal }) {
      forgetLooks();
      const { exitCode, output } = await producer.request(
        ContainersRun,
        { project: "application", operation, runId },
        { id: jobId(runId, "run", operation), signal },
      );
      if (exitCode !== 0) throw operationFailed(operation, exitCode, output);
    },
    recover(choice, { runId, signal }, onProgress) {
      forgetLooks();
      const ask = (id: string) => producer.request(ContainersRecover, { ...choice, runId }, { id, signal, onProgress });
      return askUntilTold(ask, jobId(runId, "recover"));
    },
  };
}

/** More reboots in one recovery than anybody has patience for. */
const ASK_LIMIT = 20;

/**
 * After a reboot the queue delivers the recovery again at once, and update-agent refuses it where env.yml has not been handed out yet.
 * It has been when this agent asks, so such a refusal is of then; the next id is of a job that nobody has refused.
 */
async function askUntilTold<T>(ask: (id: string) => Promise<T>, id: string): Promise<T> {
  for (let asked = 1; ; asked++) {
    try {
      return await ask(asked === 1 ? id : jobId(id, String(asked)));
    } catch (err) {
      if (!(err instanceof OperatorError) || err.code !== "SLICE_MISSING" || asked === ASK_LIMIT) throw err;
    }
  }
}

/** One id for one piece of work of a run, so that a run taken up again finds the job that it left. */
function jobId(...parts: string[]): string {
  return parts.join("-").slice(0, 128);
}

function operationFailed(operation: string, exitCode: number, output: string): OperatorError {
  const last = output.trim().split("\n").slice(-3).join(" / ");
  return new OperatorError("OPERATION_FAILED", `The operation ${operation} ended with ${exitCode}: ${last}`, {
    remedy: "Read all of it with `appliance logs update-agent`, mend the cause, then run `appliance apply`.",
  });
}
