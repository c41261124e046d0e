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

const CERTIFICATE_NEEDED: StatusState = {
  phase: "failed",
  headline: "This site needs your certificate",
  hint: "Your browser sent none. If you have one, import it in the settings of this browser, close all its windows, come again and choose it when you are asked. If you have none, ask whoever runs this site for one.",
  steps: [],
};

const CERTIFICATE_REFUSED: StatusState = {
  phase: "failed",
  headline: "Your certificate is not accepted",
  hint: "It has expired, was revoked, or was not issued for this site. Close all windows of this browser, come again and choose another one. If you have no other, ask whoever runs this site for a new one.",
  steps: [],
};

const CERTIFICATE_UNCHECKED: StatusState = {
  phase: "failed",
  headline: "Certificates cannot be checked now",
  hint: "The list of revoked certificates has expired or is missing, so this site accepts no certificate. Yours may well be in order: come again later. Whoever runs this site finds the cause with `appliance cert status`.",
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
    "certificate-needed.html": renderDocument(CERTIFICATE_NEEDED, { label: "No certificate" }),
    "certificate-refused.html": renderDocument(CERTIFICATE_REFUSED, { label: "Not accepted" }),
    "certificate-unchecked.html": renderDocument(CERTIFICATE_UNCHECKED, { label: "Needs attention" }),
    "serving.json": SERVING,
  };
}
