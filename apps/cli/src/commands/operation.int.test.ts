/** What the application is asked for, through the real update-agent and the real engine. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testInstallation, type TestInstallation } from "../testing/installation.ts";
import { freePort, startUpdateAgent } from "../testing/update-agent.ts";

let appliance: TestInstallation;
let stopAgent: (() => Promise<void>) | undefined;

beforeAll(async () => {
  const port = await freePort();
  const unanswered = String(await freePort());
  appliance = testInstallation({ APPLIANCE_UPDATE_AGENT_PORT: String(port), APPLIANCE_CERT_AGENT_PORT: unanswered });
  stopAgent = await startUpdateAgent(appliance, port, {
    "create-internal-user": {
      service: "ecs.web",
      command: ["sh", "-c", 'printf "%s|" "$@"; [ "$$1" = ada@example.org ]', "sh"],
      arguments: ["[^@]+@[a-z.]+", ".+", ".+", "[fm]"],
    },
  });
});
afterAll(async () => {
  await stopAgent?.();
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
    const { exitCode, said } = await create("ada@example.org", "Ada", "Hope", "female");
    expect(exitCode).toBe(1);
    expect(said).toContain("argument 4 does not match [fm]");
  });
});

it("says that an application has no such operation", async () => {
  const { exitCode, said } = await appliance.run(["user", "disable-test"]);
  expect(exitCode).toBe(1);
  expect(said).toContain("declares no operation 'disable-test-user'");
});

it.each([[["cert", "status"]], [["cert", "client", "list"]], [["cert", "renew"]]])(
  "%j says what to do when the agent does not answer, with exit code 4",
  async (args) => {
    const { exitCode, said } = await appliance.run(args);
    expect(exitCode).toBe(4);
    expect(said).toContain("cert-agent does not answer.");
    expect(said).toContain("appliance start");
  },
);
