import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Context } from "../context.ts";
import { activate, leaveStandby } from "./activate.ts";

let root: string;
let file: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "activate-"));
  mkdirSync(join(root, "app"));
  file = join(root, "app/env.yml");
});
afterEach(() => rmSync(root, { recursive: true }));

const envYml = (standby: string) => `#cloud-config
# ünser Server: standby: true in a comment stays
ecs: {git: {source: "builtin:sample"}}
appliance:
  domain: ecs.example.org
  ${standby}
  backup:
    pull: true
`;

describe("the env.yml of a host that leaves standby", () => {
  it("changes in one word, and keeps its rights", async () => {
    writeFileSync(file, envYml("standby:   yes  # since March"), { mode: 0o600 });
    expect(await leaveStandby(file)).toBe(true);
    expect(readFileSync(file, "utf8")).toBe(envYml("standby:   false  # since March"));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it.each(["standby: no", "# standby: true"])("stays as it is with '%s', which is live already", async (line) => {
    writeFileSync(file, envYml(line));
    expect(await leaveStandby(file)).toBe(false);
    expect(readFileSync(file, "utf8")).toBe(envYml(line));
  });

  it("stays as it is where more than that would change with it, and says so", async () => {
    const text = envYml("standby: &on true\n  backup: {pull: *on}").replace(/ {2}backup:\n {4}pull: true\n/, "");
    writeFileSync(file, text);
    await expect(leaveStandby(file)).rejects.toMatchObject({ code: "ENV_NOT_EDITED" });
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  it("stays as it is with errors in it", async () => {
    writeFileSync(file, envYml("standby: perhaps"));
    await expect(leaveStandby(file)).rejects.toMatchObject({ code: "ENV_INVALID" });
  });
});

describe("appliance activate", () => {
  /** An agent that applies at once; `asked` are the jobs that it was asked for. */
  function agent(source: string) {
    const asked: unknown[] = [];
    const status = { phase: "ready", headline: "", steps: [], env: { source, sha256: "" } };
    const context = {
      installation: { root, coreProject: "appliance" },
      api: {
        get: async () => status,
        enqueue: async (name: string, _id: string, data: object) => void asked.push({ name, ...data }),
        job: async () => ({ state: "completed", result: { steps: [], changed: 0, dryRun: false } }),
      },
      compose: { list: async () => [] },
      terminal: { print: () => {}, say: () => {}, json: () => {} },
    } as unknown as Context;
    return { asked, context };
  }

  it("applies the changed file and starts, also an application that was stopped", async () => {
    writeFileSync(file, envYml("standby: true"));
    const { asked, context } = agent("/app/env.yml");
    await activate({ json: false }, context);
    expect(readFileSync(file, "utf8")).toBe(envYml("standby: false"));
    expect(asked).toMatchObject([{ name: "config.apply", start: true, reason: "operator" }]);
  });

  it("changes nothing where env.yml comes from elsewhere, and says what to do", async () => {
    const { asked, context } = agent("drive cidata (/dev/sr0)");
    const refusal = { code: "ENV_NOT_EDITED", message: expect.stringContaining("drive cidata") };
    await expect(activate({ json: false }, context)).rejects.toMatchObject(refusal);
    expect(asked).toEqual([]);
  });
});
