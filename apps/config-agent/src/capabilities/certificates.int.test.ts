/** cert-agent's part of an apply, on a real root folder; its own work and update-agent's are the container tests'. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseEnv } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import type { Container } from "@appliance/jobs";
import { afterEach, beforeEach, expect, it } from "vitest";
import { applyConfig } from "../apply-config.ts";
import type { RunContext, Wanted } from "../capability.ts";
import type { CertAgent } from "../cert-agent.ts";
import type { Containers } from "../containers.ts";
import { planRepair } from "../plan-repair.ts";
import { createRootFiles } from "../root-files.ts";
import { certificatesCapability } from "./certificates.ts";

const TLS = "var/lib/appliance/nginx/tls/current";
const run: RunContext = { runId: "run-1", signal: new AbortController().signal, note: () => {} };
const refusal = new OperatorError("SERVICE_FAILED", "It has ended.", { remedy: "Read its log." });

let root: string;
let running: Container[];
/** The domains that cert-agent was asked for. */
let asked: string[];
/** Who says no. */
let refuses: "engine" | "cert-agent" | undefined;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "certificates-"));
  mkdirSync(join(root, TLS), { recursive: true });
  [running, asked, refuses] = [[], [], undefined];
});
afterEach(() => rmSync(root, { recursive: true }));

const certAgentIs = (state: Container["state"]): Container[] => [
  { project: "core", service: "cert-agent", image: "appliance/cert-agent:1", state, health: null } as Container,
];
const containers = {
  observeFor: async () => running,
  async up() {
    running = certAgentIs(refuses === "engine" ? "exited" : "running");
    if (refuses === "engine") throw refusal;
  },
  async remove() {
    running = [];
  },
} as Partial<Containers> as Containers;

/** As cert-agent does it in the end: nginx has a certificate for the domain. */
function serve(domain: string): void {
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-days", "9"];
  const names = ["-subj", `/CN=${domain}`, "-addext", `subjectAltName=DNS:${domain}`];
  const files = ["-keyout", join(root, TLS, "server.key"), "-out", join(root, TLS, "server.crt")];
  execFileSync("openssl", [...kind, ...names, ...files], { stdio: "pipe" });
}

const apply = (domain = "ecs.example", given: Wanted["tls"]["given"] = null) => {
  const certAgent: CertAgent = {
    async ensure() {
      asked.push(domain);
      if (refuses === "cert-agent") throw refusal;
      serve(domain);
      return { source: "self-signed" };
    },
  };
  const capability = certificatesCapability({ files: createRootFiles(root), containers, certAgent, version: "1" });
  const { env } = parseEnv(Buffer.from(`#cloud-config\nappliance: {domain: ${domain}}\n`), { file: "env.yml" });
  const wanted = { env, tls: { given, authority: null }, timeZone: "UTC" } as Partial<Wanted> as Wanted;
  const nothing = async () => {};
  const deps = { onlyWhileRunning: new Set<string>(), interrupt: nothing, onStep: nothing, onStepDone: nothing };
  return applyConfig(wanted, "running", run, { capabilities: [capability], ...deps });
};

it("starts cert-agent, asks it once, and has nothing to do afterwards", async () => {
  expect((await apply()).changed).toBe(1);
  expect((await apply()).changed).toBe(0);
  expect(asked).toEqual(["ecs.example"]);
});

it("asks again for another domain, and for one whose certificate is lost", async () => {
  await apply();
  await apply("other.example");
  rmSync(join(root, TLS, "server.crt"));
  await apply("other.example");
  expect(asked).toEqual(["ecs.example", "other.example", "other.example"]);
});

it("starts it again after a boot, and asks for nothing that is served", async () => {
  await apply();
  running = certAgentIs("exited");
  expect((await apply()).changed).toBe(1);
  expect(asked).toEqual(["ecs.example"]);
});

it("ends no apply when it does not start: the step says why, and nothing is left that a repair would start for ever", async () => {
  refuses = "engine";
  const { steps } = await apply();
  expect(steps).toMatchObject([{ failed: "It has ended. → Read its log. (SERVICE_FAILED)" }]);
  const observed = { failed: false, metadataOpen: false, containers: running };
  expect(planRepair({ phase: "ready", ...observed })).toBeNull();
  expect(asked).toEqual([]);
});

it("says with each apply that the certificate of env.yml is not the one that is served", async () => {
  const given = { key: "the key", certificate: "a certificate of another name" };
  const failed = { failed: expect.stringContaining("CERTIFICATE_GIVEN_UNFIT") as string };
  expect((await apply("ecs.example", given)).steps).toMatchObject([failed]);
  expect((await apply("ecs.example", given)).steps).toMatchObject([failed]);
  expect((await apply()).steps).toHaveLength(1);
  expect((await apply()).steps).toEqual([]);
});

it("asks again with the next apply when it was refused", async () => {
  refuses = "cert-agent";
  expect((await apply()).steps).toMatchObject([{ failed: expect.stringContaining("It has ended.") }]);
  refuses = undefined;
  expect((await apply()).steps).toHaveLength(1);
  expect((await apply()).steps).toEqual([]);
});
