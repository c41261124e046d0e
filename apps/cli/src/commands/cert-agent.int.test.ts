/** The command and the real cert-agent, on a host without nginx and without a way to an authority. */
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testInstallation, type TestInstallation } from "../testing/installation.ts";
import { freePort, startRealAgent } from "../testing/real-agent.ts";

let appliance: TestInstallation;
let stopAgent: (() => Promise<void>) | undefined;

beforeAll(async () => {
  const httpPort = await freePort();
  appliance = testInstallation({ APPLIANCE_CERT_AGENT_PORT: String(httpPort) });
  const at = (name: string) => join(appliance.checkout, name);
  for (const folder of ["slice", "certificates", "ecs-ca", "tls", "state", "challenges", "work"]) mkdirSync(at(folder));
  const slice = { timezone: "UTC", domain: "ecs.example.test", allowedHosts: [], given: null, acme: null };
  writeFileSync(at("slice/env.json"), JSON.stringify({ ...slice, application: null }));
  const places = {
    CERTIFICATES_DIR: at("certificates"),
    APPLICATION_CA_DIR: at("ecs-ca"),
    TLS_DIR: at("tls"),
    NGINX_STATE_DIR: at("state"),
    CHALLENGE_DIR: at("challenges"),
    WORK_DIR: at("work"),
  };
  const settings = { ...places, APPLIANCE_CHECKOUT: appliance.checkout };
  stopAgent = await startRealAgent(appliance, { name: "cert-agent", httpPort, settings });
});
afterAll(async () => {
  await stopAgent?.();
  appliance.remove();
});

const cert = (...args: string[]) => appliance.run(["cert", ...args]);

it("makes a file that openssl opens with the password that was shown, and lists it", async () => {
  const made = await cert("client", "create", "ada@example.org", "Office PC", "30", "--out", "ada.p12", "--json");
  expect(made).toMatchObject({ exitCode: 0 });
  const { password, serial } = JSON.parse(made.printed) as { password: string; serial: string };
  const options = ["-in", "ada.p12", "-passin", "stdin", "-nokeys", "-clcerts"];
  const input = `${password}\n`;
  const opened = execFileSync("openssl", ["pkcs12", ...options], { cwd: appliance.checkout, input, encoding: "utf8" });
  expect(opened).toContain("ada@example.org");
  const { printed } = await cert("client", "list");
  expect(printed).toMatch(new RegExp(`^${serial} +valid until .* ada@example.org +Office PC\n$`));
});

it("says of a name that is not accepted why, and leaves no file", async () => {
  const { exitCode, said } = await cert("client", "create", "ada", "Office PC", "--out", "bob.p12");
  expect(exitCode).toBe(1);
  expect(said).toContain("it is not a plain e-mail address");
});

it("shows who signs for users, and that nothing is asked for where env.yml says so", async () => {
  const { printed } = await cert("status");
  expect(printed).toContain("  none is obtained: env.yml says that none is asked for");
  expect(printed).toMatch(/ {2}authority [0-9A-F]+, valid until .*; certificates that are valid: 1/);
});
