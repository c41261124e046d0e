import { createHash } from "node:crypto";
import type { Failure } from "@appliance/errors";
import { MARKS, SCRIPT, STYLE } from "./status-page-assets.ts";

export type StatusPhase = "unconfigured" | "starting" | "failed" | "stopped" | "standby" | "updating" | "recovering";

export interface StatusStep {
  name: string;
  state: "done" | "running" | "waiting" | "failed";
  /** What it is doing or did, in a few words. */
  detail?: string;
  /** How long it took, or has been running at `updatedAt`. */
  seconds?: number;
}

export interface StatusState {
  phase: StatusPhase;
  /** The public name of the site, once it is known. */
  domain?: string;
  headline: string;
  steps: readonly StatusStep[];
  failure?: Failure & { /** ISO 8601 */ since: string };
  /** What the reader can do, or whether there is anything to do. */
  hint?: string;
  /** ISO 8601; absent on the pages of nginx' image, which were made before they are shown. */
  updatedAt?: string;
}

/** How a page differs from others with the same content. */
export interface Presentation {
  /** One or two words beside the icon. */
  label: string;
  /** After how many seconds the page looks again; a page without is for a request that must not be repeated unasked. */
  refreshSeconds?: number;
}

/** What each phase says beside the state's own words, and how often its page looks again. */
const PHASES: Record<StatusPhase, Presentation & { hint: string }> = {
  unconfigured: {
    label: "Not configured",
    hint: "This server has no env.yml yet. Once it has one, it configures itself and this page shows how far it is.",
    refreshSeconds: 10,
  },
  starting: {
    label: "Starting",
    hint: "This takes a few minutes at most. The page goes on to the application by itself.",
    refreshSeconds: 3,
  },
  failed: {
    label: "Needs attention",
    hint: "Someone who administers this server has to look at it. What to do stands below.",
    refreshSeconds: 10,
  },
  stopped: {
    label: "Stopped",
    hint: "The application was stopped by the operator. It stays so until `appliance start`.",
    refreshSeconds: 10,
  },
  standby: {
    label: "Standby",
    hint: "This server is ready to take over and does not serve the application now.",
    refreshSeconds: 30,
  },
  updating: {
    label: "Updating",
    hint: "A new version is being put in place. The page goes on to the application by itself.",
    refreshSeconds: 3,
  },
  recovering: {
    label: "Recovering",
    hint: "The data is being brought back from the backup. This can take hours; you can leave the page open.",
    refreshSeconds: 3,
  },
};

const TEXTS = {
  language: "en",
  product: "ECS Appliance",
  remedy: "What to do",
  code: "Code",
  since: "since",
  updated: "As of",
  refreshes: "This page refreshes by itself.",
  still: "This page does not refresh by itself.",
  steps: "Steps",
  progress: (done: number, all: number) => `${done} of ${all} steps done`,
  step: { done: "Done", running: "Running", waiting: "Waiting", failed: "Failed" },
};

const LONGEST_TEXT = 4000;

/**
 * The status page as one HTML document that needs nothing else, and the same content as JSON. Without JavaScript it reloads;
 * with it, it takes over what changed, and goes to the application once that answers in the page's place.
 * Values are shown as text and never as markup; lines of stack traces are left out.
 */
export function renderStatusPage(state: StatusState): { html: string; json: string } {
  const shown = presentable(state);
  return { html: renderDocument(shown, PHASES[state.phase]), json: `${JSON.stringify(shown)}\n` };
}

/** Only the fields that are meant to be seen, whatever else an object carries. */
function presentable({ phase, domain, headline, steps, failure, hint, updatedAt }: StatusState): StatusState {
  return {
    phase,
    ...(domain === undefined ? {} : { domain: plain(domain) }),
    headline: plain(headline),
    steps: steps.map(presentableStep),
    ...(failure === undefined ? {} : { failure: presentableFailure(failure) }),
    hint: plain(hint ?? PHASES[phase].hint),
    ...(updatedAt === undefined ? {} : { updatedAt }),
  };
}

function presentableStep({ name, state, detail, seconds }: StatusStep): StatusStep {
  return {
    name: plain(name),
    state,
    ...(detail === undefined ? {} : { detail: plain(detail) }),
    ...(seconds === undefined ? {} : { seconds: Math.max(0, Math.round(seconds)) }),
  };
}

const presentableFailure = ({ code, message, remedy, since }: NonNullable<StatusState["failure"]>) => ({
  code: plain(code),
  message: plain(message),
  remedy: plain(remedy),
  since,
});

function plain(text: string): string {
  const lines = text.split("\n").filter((line) => !/^\s+at .+(:\d+:\d+\)?|\(<anonymous>\))$/.test(line));
  return lines.join("\n").slice(0, LONGEST_TEXT).trimEnd();
}

/** One whole page; `state` is shown as it is. */
export function renderDocument(state: StatusState, { label, refreshSeconds: seconds }: Presentation): string {
  const reload = seconds ? `<noscript><meta http-equiv="refresh" content="${seconds}"></noscript>\n` : "";
  return `<!doctype html>
<html lang="${TEXTS.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${contentSecurityPolicy()}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
<title>${escapeHtml(titleOf(state))}</title>
<link rel="icon" href="data:,">
${reload}<style>${STYLE}</style>
</head>
<body>
<main id="page" data-phase="${state.phase}"${seconds ? ` data-refresh="${seconds}"` : ""}>
${renderHead(state, label)}
${renderFailure(state.failure)}${renderSteps(state.steps)}${renderFoot(state, seconds)}
</main>
${seconds ? `<script>${SCRIPT}</script>\n` : ""}</body>
</html>
`;
}

const titleOf = ({ headline, domain }: StatusState) => [headline, domain].filter(Boolean).join(" · ");

/** Hashes stand for the inline style and script, so that markup that got in somehow could still do nothing. */
function contentSecurityPolicy(): string {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return [
    "default-src 'none'",
    `style-src ${hash(STYLE)}`,
    `script-src ${hash(SCRIPT)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
}

function renderHead({ phase, domain, headline, hint }: StatusState, label: string): string {
  return `<header>
<p class="where">${domain ? `<span>${escapeHtml(domain)}</span>` : ""}<span>${TEXTS.product}</span></p>
<div role="status">
<p class="phase"><span class="mark">${MARKS[phase]}</span>${label}</p>
<h1>${escapeHtml(headline)}</h1>
</div>
<p class="hint">${withCommands(hint ?? "")}</p>
</header>`;
}

function renderFailure(failure: StatusState["failure"]): string {
  if (!failure) return "";
  return `<section class="failure" role="alert">
<p class="message">${withCommands(failure.message)}</p>
<h2>${TEXTS.remedy}</h2>
<p class="remedy">${withCommands(failure.remedy)}</p>
<p class="code">${TEXTS.code} <code>${escapeHtml(failure.code)}</code>, ${TEXTS.since} ${renderTime(failure.since)}</p>
</section>
`;
}

function renderSteps(steps: readonly StatusStep[]): string {
  if (steps.length === 0) return "";
  const done = steps.filter(({ state }) => state === "done").length;
  const progress = TEXTS.progress(done, steps.length);
  return `<section aria-label="${TEXTS.steps}">
<progress value="${done}" max="${steps.length}" aria-label="${progress}">${progress}</progress>
<ol>
${steps.map(renderStep).join("\n")}
</ol>
</section>
`;
}

function renderStep({ name, state, detail, seconds }: StatusStep): string {
  const current = state === "running" ? ' aria-current="step"' : "";
  const said = `<span class="unseen">${TEXTS.step[state]}: </span>`;
  const more = detail ? `<span class="detail">${withCommands(detail)}</span>` : "";
  const time = !seconds ? "" : `<span class="seconds">${duration(seconds)}</span>`;
  return `<li class="${state}"${current}><span class="mark">${MARKS[state]}</span><span class="name">${said}${escapeHtml(name)}${more}</span>${time}</li>`;
}

function renderFoot({ updatedAt }: StatusState, refreshSeconds: number | undefined): string {
  const asOf = updatedAt ? `${TEXTS.updated} ${renderTime(updatedAt)}. ` : "";
  const refreshes = refreshSeconds ? TEXTS.refreshes : TEXTS.still;
  return `<footer>${asOf}${refreshes}</footer>`;
}

/** 2026-03-01T07:30:12.000Z → 2026-03-01 07:30:12 UTC; text that is no time is shown as it is. */
function renderTime(iso: string): string {
  // Date reads a time into nearly any text that holds a number.
  const time = new Date(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(iso) ? iso : Number.NaN);
  if (Number.isNaN(time.getTime())) return escapeHtml(iso);
  const utc = time.toISOString();
  return `<time datetime="${utc}">${utc.slice(0, 10)} ${utc.slice(11, 19)} UTC</time>`;
}

function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  return minutes < 60 ? `${minutes} min ${whole % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "");

/** Commands stand between backticks in messages, as in the operator's terminal; here they look like commands. */
const withCommands = (text: string) => escapeHtml(text).replace(/`([^`\n]+)`/g, "<code>$1</code>");
