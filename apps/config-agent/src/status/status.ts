import type { Failure } from "@appliance/errors";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";
import { renderStatusPage, type StatusPhase, type StatusState, type StatusStep } from "./status-page.ts";

/** As the page has it, and `ready`, in which nobody sees the page. */
export type Phase = StatusPhase | "ready";

export interface CurrentStatus extends Omit<StatusState, "phase"> {
  phase: Phase;
}

/** What the appliance is doing now, as the status page, the HTTP API and the CLI all say it. */
export interface Status {
  get(): CurrentStatus;
  setDomain(domain: string): void;
  /** A run begins; its parts are shown as waiting. */
  begin(titles: readonly string[]): Promise<void>;
  /** A recovery begins: browsers get the page until its end. */
  recover(titles: readonly string[]): Promise<void>;
  /** The part at work; those before it are done. */
  at(title: string, detail: string): Promise<void>;
  /** What the part at work is doing just now. */
  note(detail: string): Promise<void>;
  /** The end of a run, or a state between runs. */
  settle(state: { phase: Phase; headline: string; hint?: string }): Promise<void>;
  fail(failure: Failure & { since: string }): Promise<void>;
  /** A run takes the application away for a while: browsers get the page, and nobody is told that it is ready. */
  interrupt(): Promise<void>;
  /** Whether browsers get the page in place of the application. */
  show(on: boolean): Promise<void>;
  /** Whether they get the application. */
  isServing(): Promise<boolean>;
}

const READABLE = { mode: 0o644, uid: 0, gid: 0 };
const PAGE = `${PATHS.status}/index.html`;
const JSON_FILE = `${PATHS.status}/status.json`;
const SWITCH = `${PATHS.status}/on`;

/**
 * Whether it was ready outlives this agent and ends with the boot: an agent that was restarted must not take a serving
 * application for one that is still to be started, and after a boot nothing serves until it was started.
 */
export async function createStatus(files: RootFiles, now: () => Date): Promise<Status> {
  const known = (await files.read(PATHS.phase))?.toString("utf8");
  const phase = known === "ready" ? "ready" : "starting";
  let state: CurrentStatus = { phase, headline: HEADLINES[phase], steps: [] };
  let begunAt = now();
  const write = async (next: CurrentStatus) => {
    state = { ...next, ...(state.domain ? { domain: state.domain } : {}), updatedAt: now().toISOString() };
    // Nobody is shown the page of a ready appliance; when its application falls silent, nginx has a page for that.
    const { html } = renderStatusPage({ ...state, phase: state.phase === "ready" ? "starting" : state.phase });
    await files.write(PAGE, html, READABLE);
    await files.write(JSON_FILE, `${JSON.stringify(state)}\n`, READABLE);
    await files.write(PATHS.phase, state.phase, READABLE);
  };
  if (known === undefined) await beginBoot(() => write(state), files);
  return {
    get: () => state,
    setDomain: (domain) => {
      state = { ...state, domain };
    },
    begin: async (titles) => {
      const serving = !(await files.exists(SWITCH));
      const [phase, headline] = serving ? (["ready", CHANGING] as const) : (["starting", HEADLINES.starting] as const);
      await write({ phase, headline, steps: titles.map(waiting) });
    },
    async recover(titles) {
      begunAt = now();
      await write({ phase: "recovering", headline: RECOVERING, steps: titles.map(waiting) });
      await files.write(SWITCH, "", READABLE);
    },
    async at(title, detail) {
      const seconds = (now().getTime() - begunAt.getTime()) / 1000;
      begunAt = now();
      await write({ ...state, steps: advance(state.steps, { title, detail, seconds }) });
    },
    note: (detail) =>
      write({
        ...state,
        steps: state.steps.map((entry) => (entry.state === "running" ? { ...entry, detail } : entry)),
      }),
    settle: ({ phase, headline, hint }) => write({ phase, headline, steps: [], ...(hint ? { hint } : {}) }),
    fail: (failure) => write({ phase: "failed", headline: FAILED, steps: state.steps.map(stopped), failure }),
    isServing: async () => !(await files.exists(SWITCH)),
    async interrupt() {
      await files.write(SWITCH, "", READABLE);
      if (state.phase === "ready") await write({ ...state, phase: "starting" });
    },
    show: (on) => (on ? files.write(SWITCH, "", READABLE) : files.remove(SWITCH)),
  };
}

const HEADLINES = { ready: "The application is in service", starting: "The appliance is starting" };
const CHANGING = "A changed configuration is being put in place";
const RECOVERING = "The appliance is being recovered from its backup";
const FAILED = "The last change could not be completed";

/** The page before the switch, so that nobody sees the page of another day. */
async function beginBoot(writePage: () => Promise<void>, files: RootFiles): Promise<void> {
  await writePage();
  await files.write(SWITCH, "", READABLE);
}

const waiting = (name: string): StatusStep => ({ name, state: "waiting" });

interface Advance {
  title: string;
  detail: string;
  /** Since the last advance. */
  seconds: number;
}

/** Time goes to the part that was at work; the parts before the new one are done, some of them without a step. */
function advance(steps: readonly StatusStep[], { title, detail, seconds }: Advance): StatusStep[] {
  const index = steps.findIndex(({ name }) => name === title);
  return steps.map((entry, at) => {
    const { name } = entry;
    const spent = (entry.seconds ?? 0) + (entry.state === "running" ? seconds : 0);
    const timed = spent >= 1 ? { seconds: spent } : {};
    if (at < index) return { name, state: "done", ...timed };
    return at === index ? { name, state: "running", detail, ...timed } : entry;
  });
}

/** In a failed run the part that was at work is the one that failed. */
function stopped(entry: StatusStep): StatusStep {
  return entry.state === "running" ? { ...entry, state: "failed" } : entry;
}
