/** The operator's pages show env.yml as it may be written: what they show is taken, and does what they say. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv, type Env } from "@appliance/env";
import { createRootFolderHost } from "@appliance/host";
import { parseStates } from "@appliance/states";
import { parseStorageSetup } from "@appliance/storage-setup";
import { afterEach, beforeEach, expect, it } from "vitest";
import { extraFilesCapability } from "../src/capabilities/extra-files.ts";
import { extraStatesCapability } from "../src/capabilities/extra-states.ts";
import { hooksCapability } from "../src/capabilities/hooks.ts";
import type { Capability, PlannedStep, Wanted } from "../src/capability.ts";
import { createRootFiles } from "../src/root-files.ts";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "docs-"));
  for (const folder of ["app", "root", "run", "var/lib/appliance"]) mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const examplesIn = (page: string) =>
  [...readFileSync(join(import.meta.dirname, `../../../docs/${page}`), "utf8").matchAll(/^```yaml\n([^]*?)^```/gm)].map(
    ([, yaml = ""]) => yaml,
  );

function envOf(example = ""): Env {
  const text = example.replace("appliance:", "appliance:\n  domain: ecs.example");
  const { env, problems } = parseEnv(Buffer.from(`#cloud-config\n${text}`), { file: "env.yml" });
  expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
  return env!;
}

/** Applies the steps that a folder has the powers for. */
async function apply<S extends PlannedStep>(part: Capability<S>, env: Env): Promise<string[]> {
  const wanted: Wanted = {
    env,
    source: "",
    text: Buffer.from(""),
    flat: {},
    changes: [],
    tls: { given: null, authority: null },
    timeZone: "UTC",
    memoryMb: 1,
    cores: 1,
  };
  const run = { runId: "run", signal: new AbortController().signal, note: () => {} };
  const steps = await part.plan(wanted);
  for (const one of steps) if (one.unavailable === undefined) await part.apply(one, wanted, run);
  return steps.map(({ summary }) => summary);
}

const log = { debug() {}, info() {}, warn() {}, error() {} };
const deps = () => ({ host: createRootFolderHost({ root }), files: createRootFiles(root), log });

it("docs/storage.md shows volumes and a setup that are taken", () => {
  const [volumes, setup = ""] = examplesIn("storage.md");
  expect(envOf(volumes).appliance.storage.ignore).toEqual({ data: false, volatile: true });
  expect(parseStorageSetup(setup)).toMatchObject({ problems: [], setup: { mount: [{ target: "/mnt/images" }] } });
});

it.runIf(process.getuid?.() === 0)(
  "docs/states.md shows states that are carried out in the order of their requisites",
  async () => {
    const env = envOf(examplesIn("states.md")[0]);
    expect(parseStates(env.appliance.extra.states ?? "").problems).toEqual([]);
    mkdirSync(join(root, "etc/chrony/conf.d"), { recursive: true });
    expect(await apply(extraStatesCapability(deps()), env)).toEqual([
      "Append a line to /root/.ssh/known_hosts",
      "Install chrony",
      "Write /etc/chrony/conf.d/clinic.conf",
      "Start chrony.service",
    ]);
    expect(readFileSync(join(root, "root/.ssh/known_hosts"), "utf8")).toBe("[192.0.2.7]:12345 ssh-ed25519 AAAA…\n");
  },
);

it.runIf(process.getuid?.() === 0)("docs/hooks.md shows a hook that may run", async () => {
  const env = envOf(examplesIn("hooks.md")[0]);
  const [hook] = env.appliance.extra.files;
  await apply(extraFilesCapability(deps().host, "before packages"), env);
  expect(statSync(join(root, hook!.path)).mode & 0o777).toBe(0o755);
  expect(await apply(hooksCapability("prepare-ecs.late", deps()), env)).toEqual([
    "Run the hook prepare-ecs.late/50-note.sh",
  ]);
});
