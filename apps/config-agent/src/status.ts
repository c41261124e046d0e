import type { Failure } from "@appliance/errors";
import type { HostFiles } from "./host-files.ts";
import { PATHS } from "./paths.ts";
import { renderStatusPage, type StatusState, type StatusStep } from "./status-page.ts";

/** What the appliance is doing now, as the status page, the HTTP API and the CLI all say it. */
export interface Status {
  get(): StatusState;
  /** A run begins; its parts are shown as waiting. */
  begin(headline: string, titles: readonly string[]): Promise<void>;
  /** The part at work; those before it are done. */
  at(title: string, detail: string): Promise<void>;
  /** The end of a run or a state between runs. */
  settle(state: Pick<StatusState, "phase" | "headline"> & { hint?: string }): Promise<void>;
  fail(failure: Failure & { since: string }): Promise<void>;
  setDomain(domain: string): void;
  /** Whether browsers get the page in place of the application. */
  show(on: boolean): Promise<void>;
}

const READABLE = { mode: 0o644, uid: 0, gid: 0 };
const SWITCH = `${PATHS.status}/on`;

export function createStatus(files: HostFiles, now: () => Date): Status {
  let state: StatusState = {
    phase: "starting",
    headline: "The appliance is starting",
    steps: [],
    updatedAt: now().toISOString(),
  };
  const write = async (next: StatusState) => {
    state = next;
    const { html, json } = renderStatusPage(state);
    await files.write(`${PATHS.status}/index.html`, html, READABLE);
    await files.write(`${PATHS.status}/status.json`, json, READABLE);
  };
  const base = () => ({ updatedAt: now().toISOString(), ...(state.domain ? { domain: state.domain } : {}) });
  return {
    get: () => state,
    setDomain: (domain) => {
      state = { ...state, domain };
    },
    begin: (headline, titles) =>
      write({ ...base(), phase: "starting", headline, steps: titles.map((name) => ({ name, state: "waiting" })) }),
    at: (title, detail) => write({ ...state, ...base(), steps: advance(state.steps, title, detail) }),
    settle: ({ phase, headline, hint }) => write({ ...base(), phase, headline, steps: [], ...(hint ? { hint } : {}) }),
    fail: (failure) =>
      write({
        ...base(),
        phase: "failed",
        headline: "The appliance could not start",
        steps: state.steps.map(stopped),
        failure,
      }),
    show: (on) => (on ? files.write(SWITCH, "", READABLE) : files.remove(SWITCH)),
  };
}

function advance(steps: readonly StatusStep[], title: string, detail: string): StatusStep[] {
  const index = steps.findIndex(({ name }) => name === title);
  return steps.map((entry, at) => {
    if (at < index) return { name: entry.name, state: "done" };
    return at === index ? { name: entry.name, state: "running", detail } : entry;
  });
}

/** In a failed run the part that was at work is the one that failed. */
function stopped(entry: StatusStep): StatusStep {
  return entry.state === "running" ? { ...entry, state: "failed" } : entry;
}
