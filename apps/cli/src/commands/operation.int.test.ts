/** What the application is asked for, through the real update-agent and the real engine. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testInstallation, type TestInstallation } from "../testing/installation.ts";
import { fakeCertAgent, HEALTHY, type FakeCertAgent } from "../testing/cert-agent.ts";
import { freePort } from "../testing/real-agent.ts";
import { startUpdateAgent } from "../testing/update-agent.ts";

let appliance: TestInstallation;
let stopAgent: (() => Promise<void>) | undefined;
let certAgent: FakeCertAgent;

beforeAll(async () => {
  const port = await freePort();
  const clients = { ...HEALTHY.clients, owner: "application" };
  certAgent = await fakeCertAgent({ "/certificates": { ...HEALTHY, clients } }, {});
  const ports = { APPLIANCE_UPDATE_AGENT_PORT: String(port), APPLIANCE_CERT_AGENT_PORT: String(certAgent.port) };
  appliance = testInstallation(ports);
  const operations = {
    "create-internal-user": {
      service: "ecs.web",
      command: ["sh", "-c", 'printf "%s|" "$@"; [ "$$1" = ada@example.org ]', "sh"],
      arguments: ["[^@]+@[a-z.]+", ".+", ".+", "[fm]"],
    },
    "create-client-certificate": {
      service: "ecs.web",
      command: ["sh", "-c", 'echo "mailed to $$1; the password is battery-staple"', "sh"],
      arguments: ["[^@]+@[a-z.]+", ".+", "[0-9]+"],
      "secret-output": true,
    },
  };
  stopAgent = await startUpdateAgent(appliance, port, { "client-authority": "application", operations });
});
afterAll(async () => {
  await stopAgent?.();
  certAgent.stop();
  appliance.remove();
});

const create = (...args: string[]) => appliance.run(["user", "create-internal", ...args]);

describe("appliance user create-internal", () => {
  it("hands the application each argument as it is, and shows what it says", async () => {
    const { exitCode, printed } = await create("ada@example.org", "Ada Maria", `O'Hara "$HOME"`, "f");
    expect({ exitCode, printed }).toEqual({ exitCode: 0, printed: `ada@example.org|Ada Maria|O'Hara "$HOME"|f|\n` });
  });

  it("ends as the application did", async () => {
    const { exitCode, printed, said } = await create("bob@example.org", "Bob", "Hope", "m");
    expect({ exitCode, printed }).toEqual({ exitCode: 1, printed: "" });
    expect(said).toContain("bob@example.org|Bob|Hope|m|");
    expect(said).toContain("The application ended create-internal-user with exit code 1.");
  });

  it("starts nothing with an argument that the declaration does not take", async () => {
    const { exitCode, said } = await create("ada@EXAMPLE.org", "Ada", "Hope", "f");
    expect(exitCode).toBe(1);
    expect(said).toContain("argument 1 does not match [^@]+@[a-z.]+");
  });

  it.each([
    ["ada", "f", "ada is no e-mail address."],
    ["ada@example.org", "female", "Allowed choices are f, m."],
  ])("says in plain words what is wrong with %s, %s, and asks nobody", async (email, gender, why) => {
    const { exitCode, said } = await create(email, "Ada", "Hope", gender);
    expect(exitCode).toBe(2);
    expect(said).toContain(why);
  });
});

it("says that an application has no such operation", async () => {
  const { exitCode, said } = await appliance.run(["user", "disable-test"]);
  expect(exitCode).toBe(1);
  expect(said).toContain("declares no operation 'disable-test-user'");
});

describe("appliance cert client create, where the application signs", () => {
  const issue = (...args: string[]) =>
    appliance.run(["cert", "client", "create", "ada@example.org", "office-pc", ...args]);

  it("has the application make it, and shows its password once", async () => {
    const { exitCode, printed } = await issue("30");
    expect({ exitCode, printed }).toEqual({
      exitCode: 0,
      printed: "mailed to ada@example.org; the password is battery-staple\n",
    });
  });

  it.each([["--compat"], ["--json"]])("refuses %s, which the application does not know", async (option) => {
    expect((await issue(option)).exitCode).toBe(2);
  });
});

it.each([[["cert", "status"]], [["cert", "client", "list"]], [["cert", "renew"]]])(
  "%j says what to do when the agent does not answer, with exit code 4",
  async (args) => {
    const { exitCode, said } = await appliance.run(args, { env: { APPLIANCE_CERT_AGENT_PORT: "9" } });
    expect(exitCode).toBe(4);
    expect(said).toContain("cert-agent does not answer.");
    expect(said).toContain("appliance start");
  },
);
