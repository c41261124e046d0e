import { describe, expect, it } from "vitest";
import type { Context } from "../context.ts";
import { CERTIFICATE, HEALTHY } from "../testing/cert-agent.ts";
import { rollOver, showAuthority } from "./cert-ca.ts";
import { listClientCertificates, publishRevocations, revokeClientCertificates } from "./cert-client.ts";
import { renewCertificate } from "./cert-renew.ts";
import { certStatus } from "./cert-status.ts";

/** A cert-agent that answers this, and what was asked of it and printed. */
function agentThat(answer: { get?: unknown; result?: unknown }) {
  const [asked, printed]: [object[], string[]] = [[], []];
  const certAgent = {
    agent: "cert-agent",
    get: async () => answer.get,
    post: async (path: string, data: object) => {
      asked.push({ name: path, data });
      return answer.result;
    },
    enqueue: async (name: string, _id: string, data: object) => void asked.push({ name, data }),
    job: async () => ({ state: "completed", result: answer.result }),
  };
  const print = (text: string) => void printed.push(...text.split("\n"));
  const terminal = { print, say: () => {}, json: (value: unknown) => print(JSON.stringify(value)) };
  return { context: { certAgent, terminal } as unknown as Context, asked, printed };
}

const TEXT = { json: false };
const FAILURE = { code: "ACME_REFUSED", message: "The authority refused.", remedy: "Look at DNS." };

describe("appliance cert status", () => {
  it("says what is served, what comes next and who signs for users", async () => {
    const { context, printed } = agentThat({ get: HEALTHY });
    expect(await certStatus(TEXT, context)).toBe(0);
    expect(printed).toEqual([
      "Certificate of ecs.example.org, www.example.org",
      "  obtained from an authority; issued by CN=E7",
      "  serial 0B, valid until 2027-02-01 10:00:00 UTC",
      "  next renewal: 2027-01-02 10:00:00 UTC (the certificate is young), by https://acme.example/directory",
      "  not asked for: ecs.local: it is no public name",
      "  DNS: DNS has no address for www.example.org.",
      "",
      "Certificates of users are signed by the appliance",
      "  authority 01, valid until 2036-11-20 10:00:00 UTC; certificates that are valid: 3",
      "  revocation list valid until 2026-12-23 10:00:00 UTC",
      "",
      "Nothing needs a hand.",
    ]);
  });

  const { host } = HEALTHY;
  const renewal = { ...host.renewal, lastError: { ...FAILURE, at: "2026-11-23T10:00:00.000Z" } };
  it.each<[string, object, string]>([
    ["a renewal that failed", { host: { ...host, renewal } }, "The authority refused."],
    ["a certificate of env.yml that cannot be served", { host: { ...host, problem: FAILURE } }, "  → Look at DNS."],
    ["a revocation list that is not taken", { problems: [{ ...FAILURE, since: "" }] }, "  (ACME_REFUSED)"],
    ["a wrong clock", { host: { ...host, clockTrusted: false } }, "The clock of this host is wrong."],
  ])("ends with 1 and says what to do about %s", async (_what, changed, line) => {
    const { context, printed } = agentThat({ get: { ...HEALTHY, ...changed } });
    expect(await certStatus(TEXT, context)).toBe(1);
    expect(printed.slice(printed.indexOf("Needs a hand:"))).toContain(line);
  });

  it("tells of the same failure once", async () => {
    const problems = [{ ...FAILURE, since: "" }];
    const { context, printed } = agentThat({ get: { ...HEALTHY, host: { ...host, renewal }, problems } });
    await certStatus(TEXT, context);
    expect(printed.filter((line) => line === FAILURE.message)).toHaveLength(1);
  });
});

describe("appliance cert renew", () => {
  const served = { source: "acme", names: ["ecs.example.org"], serial: "0B", validUntil: "2027-02-01T10:00:00.000Z" };
  const failed = { outcome: "failed", ...FAILURE, retryAt: "2026-11-23T11:40:00.000Z" };

  it.each<[object, number, string]>([
    [{ outcome: "renewed" }, 0, "A new certificate is in service: ecs.example.org, serial 0B"],
    [{ outcome: "not due", reason: "it is young" }, 0, "Nothing was obtained: it is young."],
    [failed, 1, "It is tried again by itself at 2026-11-23 11:40:00 UTC."],
  ])("ends with the outcome %j", async (obtained, exitCode, sentence) => {
    const { context, asked, printed } = agentThat({ result: { served, obtained } });
    expect(await renewCertificate({ force: true, json: false }, context)).toBe(exitCode);
    expect(printed.join("\n")).toContain(sentence);
    expect(asked).toEqual([{ name: "cert.ensure", data: { requestedBy: "cli", obtain: true, force: true } }]);
  });
});

describe("appliance cert client", () => {
  it("lists what is valid, what ended and what was revoked", async () => {
    const certificates = [
      { ...CERTIFICATE, validUntil: "2099-01-01T00:00:00.000Z" },
      { ...CERTIFICATE, serial: "0D", validUntil: "2020-01-01T00:00:00.000Z" },
      { ...CERTIFICATE, serial: "0E", revokedAt: "2026-11-24T00:00:00.000Z" },
    ];
    const { context, printed } = agentThat({ get: { certificates } });
    await listClientCertificates(TEXT, context);
    expect(printed).toEqual([
      "0A1B2C  valid until 2099-01-01 00:00:00 UTC  ada@example.org  Office PC",
      "0D      ended 2020-01-01 00:00:00 UTC        ada@example.org  Office PC",
      "0E      revoked 2026-11-24 00:00:00 UTC      ada@example.org  Office PC",
    ]);
  });

  it("says which certificates are refused from now on", async () => {
    const { context, asked, printed } = agentThat({ result: { revoked: [CERTIFICATE] } });
    await revokeClientCertificates("ada@example.org", TEXT, context);
    expect(printed).toEqual(["Revoked: 0A1B2C, Office PC of ada@example.org"]);
    expect(asked).toEqual([{ name: "/client-certificates/revoke", data: { which: "ada@example.org" } }]);
  });

  it("says until when the list of today is good", async () => {
    const { context, printed } = agentThat({ result: { nextUpdate: "2026-12-23T10:00:00.000Z", revoked: 1 } });
    await publishRevocations(TEXT, context);
    expect(printed[0]).toContain("1 certificate is revoked");
    expect(printed[0]).toContain("2026-12-23 10:00:00 UTC");
  });
});

describe("appliance cert ca", () => {
  it("shows both authorities during a rollover, and which of them signs", async () => {
    const [present] = HEALTHY.clients.authorities;
    const authorities = [
      { ...present, issuing: false },
      { ...present, serial: "02" },
    ];
    const { context, printed } = agentThat({ get: { ...HEALTHY, clients: { ...HEALTHY.clients, authorities } } });
    await showAuthority(TEXT, context);
    expect(printed.filter((line) => line.includes("authority 0")).map((line) => line.split(",")[0])).toEqual([
      "  former authority 01",
      "  authority 02",
    ]);
  });

  it.each([
    [false, { outcome: "begun", stopped: 0 }, "those of the old one stay valid"],
    [false, { outcome: "under way", stopped: 0 }, "is being changed already"],
    [true, { outcome: "finished", stopped: 3 }, "refused from now on; 3 that were valid have ended"],
  ])("rollover with finish %s says of %o what holds now", async (finish, result, sentence) => {
    const { context, asked, printed } = agentThat({ result });
    await rollOver({ finish }, context);
    expect(printed.join("\n")).toContain(sentence);
    expect(asked).toEqual([{ name: "ca.rollover", data: { requestedBy: "cli", finish } }]);
  });
});
