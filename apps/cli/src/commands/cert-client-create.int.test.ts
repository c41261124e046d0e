/** The command as a process; cert-agent is a small server that hands out one package. */
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makeCertificate, startMailServer } from "../escrow/testing/mail-server.ts";
import { CERTIFICATE, fakeCertAgent, HEALTHY, PACKAGE, type FakeCertAgent } from "../testing/cert-agent.ts";
import { testInstallation, type TestInstallation } from "../testing/installation.ts";

let agent: FakeCertAgent;
let appliance: TestInstallation;

beforeEach(async () => {
  agent = await fakeCertAgent({ "/certificates": HEALTHY }, { "client.issue": { certificate: CERTIFICATE } });
  appliance = testInstallation({ APPLIANCE_CERT_AGENT_PORT: String(agent.port) });
});
afterEach(() => {
  agent.stop();
  appliance.remove();
});

const at = (name: string) => join(appliance.checkout, name);
const create = (args: string[] = [], input = "", env: NodeJS.ProcessEnv = {}) =>
  appliance.run(["cert", "client", "create", "ada@example.org", "Office PC", ...args], { input, env });

describe("appliance cert client create", () => {
  it("writes a file that nobody else can read, named for the certificate, and shows its password", async () => {
    const { exitCode, printed, said } = await create(["365", "--compat"]);
    expect(exitCode).toBe(0);
    expect(readFileSync(at("Office-PC.p12"), "utf8")).toBe("a key in a package");
    expect(statSync(at("Office-PC.p12")).mode & 0o777).toBe(0o600);
    expect(printed).toContain(`Transport password:  ${PACKAGE.password}`);
    expect(said).toContain("Serial 0A1B2C, valid until 2026-11-30 10:00:00 UTC.");
    const data = { requestedBy: "cli", email: "ada@example.org", name: "Office PC", days: 365, compat: true };
    expect(agent.asked).toEqual([{ name: "client.issue", data }]);
  });

  it("has no certificate made for which there is no place, and writes over nothing", async () => {
    writeFileSync(at("Office-PC.p12"), "of somebody else");
    const { exitCode, said } = await create();
    expect(exitCode).toBe(1);
    expect(said).toContain("Office-PC.p12 is there already.");
    expect(readFileSync(at("Office-PC.p12"), "utf8")).toBe("of somebody else");
    expect((await create(["--out", at("none/here.p12")])).exitCode).toBe(2);
    expect(agent.asked).toEqual([]);
  });

  it.each([["0"], ["week"]])("takes %s for no number of days", async (days) => {
    const { exitCode, said } = await create([days]);
    expect([exitCode, agent.asked]).toEqual([2, []]);
    expect(said).toContain(`${days} is no number of days.`);
  });

  it("asks for a name where it was given none", async () => {
    const { exitCode, said } = await appliance.run(["cert", "client", "create", "ada@example.org", " "]);
    expect([exitCode, agent.asked]).toEqual([2, []]);
    expect(said).toContain("Give one such as office-pc.");
  });

  it("leaves no empty file, and says which certificate nobody can use now", async () => {
    await create();
    const { exitCode, said } = await create(["--out", at("second.p12")]); // this agent has one package alone
    expect(exitCode).toBe(1);
    expect(said).toContain("appliance cert client revoke 0A1B2C");
    expect(existsSync(at("second.p12"))).toBe(false);
  });

  it("tells a program everything, and the password with it", async () => {
    const { printed, said } = await create(["--json", "--out", at("it.p12")]);
    const made = { file: at("it.p12"), password: PACKAGE.password, serial: "0A1B2C", email: "ada@example.org" };
    expect(JSON.parse(printed)).toMatchObject(made);
    expect(said).not.toContain(PACKAGE.password);
  });

  it("mails the file to its owner, and the password to nobody", async () => {
    const trusted = makeCertificate(appliance.checkout, "localhost");
    const server = await startMailServer("starttls", trusted);
    const url = `smtp://ada:right%20horse@localhost:${server.port}`;
    const env = { NODE_EXTRA_CA_CERTS: trusted.certificate };
    const { exitCode, said } = await create(["--mail", "--smtp-url-file", "-"], url, env);
    expect({ exitCode, said }).toMatchObject({
      exitCode: 0,
      said: expect.stringContaining("Mailed to ada@example.org"),
    });
    const { to, tls, content } = await server.next();
    await server.stop();
    expect({ to, tls }).toEqual({ to: ["ada@example.org"], tls: true });
    expect(content).toContain(PACKAGE.pkcs12);
    expect(content).toContain("Office-PC.p12");
    expect(content).not.toContain(PACKAGE.password);
  });

  it("finds a mail that cannot be sent before a certificate is made", async () => {
    const { exitCode, said } = await create(["--mail"]);
    expect([exitCode, agent.asked]).toEqual([2, []]);
    expect(said).toContain("Name a file with its URL with --smtp-url-file.");
  });
});
