import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { renderStatusPage, type StatusPhase, type StatusState } from "./status-page.ts";

const PHASES: StatusPhase[] = ["unconfigured", "starting", "failed", "stopped", "standby", "updating", "recovering"];

const starting: StatusState = {
  phase: "starting",
  domain: "ecs.example",
  headline: "The appliance is starting",
  steps: [
    { name: "Reading env.yml", state: "done", seconds: 0 },
    { name: "Starting the containers", state: "running", detail: "ecs.web is not healthy yet", seconds: 75 },
    { name: "Asking the application", state: "waiting" },
  ],
  updatedAt: "2026-03-01T07:30:12.345Z",
};

const failed: StatusState = {
  ...starting,
  phase: "failed",
  headline: "The appliance could not start",
  failure: {
    code: "DATABASE_MISSING",
    message: "There is no database.",
    remedy: "Run `appliance database create`.",
    since: "2026-03-01T07:30:00Z",
  },
};

const hostile = `<script>alert(1)</script>"'&<img src=x onerror=1>`;

describe("renderStatusPage", () => {
  it.each(PHASES)("says %s and asks again by itself, with and without JavaScript", (phase) => {
    const { html } = renderStatusPage({ ...starting, phase });
    expect(html).toContain(`data-phase="${phase}" data-refresh="`);
    expect(html).toMatch(/<noscript><meta http-equiv="refresh" content="\d+"><\/noscript>/);
  });

  it.each(["starting", "updating", "recovering"] as const)(
    "looks every 3 s while %s, when steps follow each other",
    (phase) => {
      expect(renderStatusPage({ ...starting, phase }).html).toContain('data-refresh="3"');
    },
  );

  it("shows which step runs, for how long, what is done and how much there is", () => {
    const { html } = renderStatusPage(starting);
    expect(html).toContain('<progress value="1" max="3" aria-label="1 of 3 steps done">');
    expect(html).toMatch(
      /<li class="running" aria-current="step">.*Starting the containers.*not healthy yet.*1 min 15 s/,
    );
    expect(html).toMatch(/<li class="waiting">.*Waiting: <\/span>Asking the application/);
    expect(html).toContain('<time datetime="2026-03-01T07:30:12.345Z">2026-03-01 07:30:12 UTC</time>');
  });

  it("shows a failure with its sentence, remedy, code and time, announced to screen readers", () => {
    const { html } = renderStatusPage(failed);
    expect(html).toMatch(/<section class="failure" role="alert">\n<p class="message">There is no database\.<\/p>/);
    expect(html).toContain("Run <code>appliance database create</code>.");
    expect(html).toContain("<code>DATABASE_MISSING</code>, since <time");
  });

  it("shows every value as text, never as markup", () => {
    const { html } = renderStatusPage({
      phase: "failed",
      domain: hostile,
      headline: hostile,
      steps: [{ name: hostile, state: "failed", detail: hostile }],
      failure: { code: hostile, message: hostile, remedy: `\`${hostile}\``, since: hostile },
      hint: hostile,
      updatedAt: hostile,
    });
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/<img|alert\(1\)<\/script>/);
    expect(html.split("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;&lt;img")).toHaveLength(1 + 12);
  });

  it("leaves out lines of a stack trace", () => {
    const message =
      "The database did not answer.\n    at connect (/app/src/pg.ts:12:3)\n    at async main.ts:4:1\nTry later.";
    const { html, json } = renderStatusPage({ ...failed, failure: { ...failed.failure!, message } });
    expect(html).toContain("The database did not answer.\nTry later.");
    expect(json).not.toContain("pg.ts");
  });

  it("passes on no field that is not meant to be seen", () => {
    const state = { ...starting, env: { SECRET_KEY: "hunter2" }, steps: [{ ...starting.steps[0]!, token: "hunter2" }] };
    const { html, json } = renderStatusPage(state);
    expect(html + json).not.toContain("hunter2");
  });

  it("gives the same content as JSON", () => {
    expect(JSON.parse(renderStatusPage(failed).json)).toEqual({
      ...failed,
      hint: expect.stringContaining("administers") as string,
    });
  });

  it("needs nothing but itself, and lets the browser run its own script and style alone", () => {
    const { html } = renderStatusPage(failed);
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(html)?.[1] ?? "";
    const hashOf = (element: string) =>
      createHash("sha256")
        .update(new RegExp(`<${element}>([^]*?)</${element}>`).exec(html)?.[1] ?? "")
        .digest("base64");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src 'sha256-${hashOf("style")}'`);
    expect(policy).toContain(`script-src 'sha256-${hashOf("script")}'`);
    expect(html).not.toMatch(/https?:\/\/|style="|\son[a-z]+="|@import|url\(/);
  });
});
