import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../context.ts";
import { recover, type RecoverOptions } from "./recover.ts";

const RESTORED = {
  target: "main",
  point: { id: "full-1", at: "2026-11-22T00:30:00.000Z", kind: "full" },
  files: 1508,
  bytes: 551_000_000,
  tables: 42,
  rows: 98_000,
  comparedWith: "manifest",
  seconds: 190,
};
const READY = { phase: "ready", headline: "The application is in service", domain: "ecs.example.org", steps: [] };
const STOPPED = {
  phase: "stopped",
  headline: "Stopped by the operator",
  hint: "`appliance start` starts the application again.",
  steps: [],
};

let zone: string | undefined;
beforeEach(() => {
  zone = process.env["TZ"];
  process.env["TZ"] = "Europe/Vienna";
});
afterEach(() => {
  process.env["TZ"] = zone;
});

/** A config-agent that recovers at once, or whose job ends with `job`. */
async function run(options: Partial<RecoverOptions>, agent: { status?: object; job?: object } = {}) {
  const { status = READY, job = {} } = agent;
  const [asked, printed, said]: [object[], string[], string[]] = [[], [], []];
  const context = {
    installation: { root: "/nowhere", httpsPort: "443" },
    api: {
      agent: "config-agent",
      enqueue: async (name: string, _id: string, data: object) => void asked.push({ name, data }),
      job: async () => ({ state: "completed", result: RESTORED, ...job }),
      get: async () => status,
    },
    terminal: {
      print: (text: string) => void printed.push(...text.split("\n")),
      say: (text: string) => void said.push(text),
      json: (value: unknown) => void printed.push(JSON.stringify(value)),
    },
  } as unknown as Context;
  const all = { yesIAmSure: true, onlyRestore: false, json: false, ...options };
  return { exitCode: await recover(all, context), asked, printed, said };
}

describe("appliance recover", () => {
  it("does nothing without --yes-i-am-sure, and says what it would do", async () => {
    const { exitCode, asked, printed } = await run({ yesIAmSure: false, at: "2026-11-20 12:30", target: "cellar" });
    expect(exitCode).toBe(2);
    expect(asked).toEqual([]);
    expect(printed).toContain(
      "- restore documents, settings and database: the last backup until 2026-11-20 11:30:59 UTC of the target cellar",
    );
    expect(printed.at(-1)).toBe("Nothing was done. To do it, add --yes-i-am-sure.");
  });

  it("asks for the backup that was chosen, a time without a zone being that of this host", async () => {
    const { asked } = await run({ at: "2026-11-20 12:30", target: "cellar", onlyRestore: true }, { status: STOPPED });
    const data = { requestedBy: "cli", target: "cellar", at: "2026-11-20T11:30:59.999Z", onlyRestore: true };
    expect(asked).toEqual([{ name: "config.recover", data }]);
  });

  it("says what was restored, with what it was compared, and where it serves", async () => {
    const { exitCode, printed } = await run({});
    expect(exitCode).toBe(0);
    expect(printed).toEqual([
      "Restored from main the backup of 2026-11-22 00:30:00 UTC in 3 min: 1508 files (525 MB), 42 tables with 98000 rows.",
      "Files, sums and rows are those that the backup was made of.",
      "The application is in service: https://ecs.example.org/",
    ]);
  });

  it("does not let an appliance that stays stopped pass for one that serves", async () => {
    const { printed } = await run({ onlyRestore: true }, { status: STOPPED });
    expect(printed.at(-1)).toBe("Stopped by the operator. `appliance start` starts the application again.");
  });

  it.each([{ at: "yesterday" }, { at: "2026-02-30" }, { target: "../etc" }])(
    "refuses %j before it asks for anything",
    async (options) => {
      await expect(run(options)).rejects.toMatchObject({ code: "USAGE" });
    },
  );

  it("fails as the recovery did", async () => {
    const failure = { code: "RECOVERY_OCCUPIED", message: "This host holds documents.", remedy: "Start it." };
    await expect(run({}, { job: { state: "failed", failure } })).rejects.toMatchObject(failure);
  });
});
