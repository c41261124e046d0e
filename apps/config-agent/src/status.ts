import type { Failure } from "@appliance/errors";
import type { RootFiles } from "./root-files.ts";
import { PATHS } from "./paths.ts";
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
  begin(headline: string, titles: readonly string[]): Promise<void>;
  /** The part at work; those before it are done. */
  at(title: string, detail: string): Promise<void>;
  /** The end of a run, or a state between runs. */
  settle(state: { phase: Phase; headline: string; hint?: string }): Promise<void>;
  fail(failure: Failure & { since: string }): Promise<void>;
  /** Whether browsers get the page in place of the application. */
  show(on: boolean): Promise<void>;
}

const READABLE = { mode: 0o644, uid: 0, gid: 0 };
const PAGE = `${PATHS.status}/index.html`;
const JSON_FILE = `${PATHS.status}/status.json`;
const SWITCH = `${PATHS.status}/on`;

export function createStatus(files: RootFiles, now: () => Date): Status {
  let state: CurrentStatus = { phase: "starting", headline: "The appliance is starting", steps: [] };
  const write = async (next: CurrentStatus) => {
    state = { ...next, ...(state.domain ? { domain: state.domain } : {}), updatedAt: now().toISOString() };
    // Nobody is shown the page of a ready appliance; when its application falls silent, nginx has a page for that.
    const { html } = renderStatusPage({ ...state, phase: state.phase === "ready" ? "starting" : state.phase });
    await files.write(PAGE, html, READABLE);
    await files.write(JSON_FILE, `${JSON.stringify(state)}\n`, READABLE);
  };
  return {
    get: () => state,
    setDomain: (domain) => {
      state = { ...state, domain };
    },
    begin: (headline, titles) => write({ phase: "starting", headline, steps: titles.map(waiting) }),
    at: (title, detail) => write({ ...state, steps: advance(state.steps, title, detail) }),
    settle: ({ phase, headline, hint }) => write({ phase, headline, steps: [], ...(hint ? { hint } : {}) }),
    fail: (failure) =>
      write({ phase: "failed", headline: "The appliance could not start", steps: state.steps.map(stopped), failure }),
    show: (on) => (on ? files.write(SWITCH, "", READABLE) : files.remove(SWITCH)),
  };
}

const waiting = (name: string): StatusStep => ({ name, state: "waiting" });

function advance(steps: readonly StatusStep[], title: string, detail: string): StatusStep[] {
  const index = steps.findIndex(({ name }) => name === title);
  return steps.map(({ name, ...rest }, at) => {
    if (at < index) return { name, state: "done" };
    return at === index ? { name, state: "running", detail } : { name, ...rest };
  });
}

/** In a failed run the part that was at work is the one that failed. */
function stopped(entry: StatusStep): StatusStep {
  return entry.state === "running" ? { ...entry, state: "failed" } : entry;
}
