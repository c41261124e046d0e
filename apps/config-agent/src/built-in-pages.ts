import { renderDocument, type StatusState } from "./status/status-page.ts";

const SERVING = `${JSON.stringify({ phase: "serving" })}\n`;

const STARTING: StatusState = {
  phase: "starting",
  headline: "The appliance is starting",
  hint: "This takes a few minutes at most. The page shows how far it is as soon as that is known.",
  steps: [],
};

const UNREACHABLE: StatusState = {
  phase: "starting",
  headline: "The application does not answer",
  hint: "It is being restarted, or it ended by itself. The page tries again every few seconds and goes on to it.",
  steps: [],
};

const UNANSWERED: StatusState = {
  phase: "failed",
  headline: "The application gave no answer",
  hint: "It received this request and took too long, or ended on the way. What you sent may have been done or not: look before you send it again.",
  steps: [],
};

/**
 * The pages that are part of nginx' image, file name → text: shown before config-agent has written one, and where nginx alone
 * knows what is wrong. `compose/images/nginx/pages` holds exactly these; a test compares, `vitest -u` writes them.
 */
export function renderBuiltInPages(): Record<string, string> {
  return {
    "starting.html": renderDocument(STARTING, { label: "Starting", refreshSeconds: 3 }),
    "starting.json": `${JSON.stringify(STARTING)}\n`,
    "unreachable.html": renderDocument(UNREACHABLE, { label: "One moment", refreshSeconds: 3 }),
    "unanswered.html": renderDocument(UNANSWERED, { label: "No answer" }),
    "serving.json": SERVING,
  };
}
