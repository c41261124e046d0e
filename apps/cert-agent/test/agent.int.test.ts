/** cert-agent as a process, with the real queue, nginx and certificate authority. */
import { execFileSync } from "node:child_process";
import { lstatSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startPebble, type Pebble } from "@appliance/acme/testing";
import {
  CertEnsure,
  ClientIssue,
  ClientRevoke,
  connectWorker,
  ContainersRenewMounts,
  CrlPublish,
  handle,
  startWorker,
  type ContainersRenewMounts as Renewal,
} from "@appliance/jobs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CertificatesStatus } from "../src/status.ts";
import { ask } from "./ask.ts";
import { clientAuthority } from "./certificates.ts";
import { serveSite, startNginx, type NginxContainer } from "./nginx-container.ts";
import { surroundingsOf, until, type RunningAgent, type Surroundings } from "./running-agent.ts";

let pebble: Pebble;
let nginx: NginxContainer;
let here: Surroundings;
let agent: RunningAgent;
/** What update-agent was asked for. */
const renewals: Renewal[] = [];
let stopUpdateAgent: () => Promise<void>;

beforeAll(async () => {
  pebble = await startPebble({ validitySeconds: 90 * 86_400 });
  nginx = await startNginx({ http: pebble.httpPort });
  here = await surroundingsOf(nginx);
  here.writeComposeFile("services: {}\n");
  here.writeSlice({});
  stopUpdateAgent = startUpdateAgent();
  agent = await here.startAgent();
});
afterAll(async () => {
  await stopUpdateAgent?.();
  await here?.remove();
  await nginx?.remove();
  await pebble?.stop();
});

/** Its part of the queue. */
function startUpdateAgent(): () => Promise<void> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const redis = connectWorker(here.connection, log);
  const renew = handle(ContainersRenewMounts, async (order) => {
    renewals.push(order);
    return { services: [] };
  });
  const worker = startWorker({ redis, queue: "containers", handlers: [renew], log });
  return async () => {
    await worker.close();
    redis.disconnect();
  };
}

const status = async () => (await (await agent.get("/certificates")).json()) as CertificatesStatus;
const request = (which: string) => here.producer.request(ClientRevoke, { requestedBy: "test", which });
const obtainFrom = () => ({ directoryUrl: pebble.directoryUrl, ca: pebble.ca, profile: null, externalAccount: null });

describe("the certificate of the host", () => {
  it("is self-signed and in service until there is another, without being asked", async () => {
    await until(async () => (await status()).host.served?.source === "self-signed");
    serveSite(nginx);
    const { served, obtained } = await here.producer.request(CertEnsure, { requestedBy: "test" });
    expect([served.source, served.names, obtained]).toEqual([
      "self-signed",
      ["ecs.test"],
      { outcome: "not asked for" },
    ]);
  });

  it("is one of the authority as soon as env.yml names one", async () => {
    here.writeSlice({ acme: obtainFrom() });
    await until(async () => (await status()).host.served?.source === "acme", 60);
    const { served } = await here.producer.request(CertEnsure, { requestedBy: "test" });
    expect([served.source, served.names]).toEqual(["acme", ["ecs.test"]]);
    expect((await status()).problems).toEqual([]);
  });

  it("is not obtained twice when it is wanted again", async () => {
    const { obtained } = await here.producer.request(CertEnsure, { requestedBy: "test", obtain: true });
    expect(obtained).toMatchObject({ outcome: "not due" });
  });

  it("is shown to containers that mounted it: update-agent is asked to see to them", async () => {
    const replacedAt = lstatSync(join(here.folder, "certificates/served/current")).ctime.toISOString();
    const files = expect.arrayContaining(["/data/etc/server.cert.pem"]) as string[];
    await until(async () => renewals.at(-1)?.replacedAt === replacedAt);
    expect(renewals.at(-1)).toMatchObject({ project: "application", files });
  });

  it("has figures, with the end that monitoring has always asked for", async () => {
    const until = Date.parse((await status()).host.served?.validUntil ?? "") / 1000;
    const figures = await (await agent.get("/metrics")).text();
    expect(figures).toContain(`letsencrypt_valid_until{domain="ecs.test",agent="cert-agent"} ${until}`);
    expect(figures).toContain(`certificate_valid_until{name="ecs.test",source="acme",agent="cert-agent"} ${until}`);
    expect(figures).toMatch(/^crl_next_update\{agent="cert-agent"\} \d{10}$/m);
    expect(figures).toMatch(/^certificate_renewal_attempts_total\{outcome="succeeded",.*\} 1$/m);
  });
});

/** Has a certificate issued, and what its owner imports. */
async function issue(email: string) {
  const order = { requestedBy: "test", email, name: "office" };
  // With an id the job stays to be looked at.
  const { certificate } = await here.producer.request(ClientIssue, order, { id: `issue-${email.split("@")[0]}` });
  const path = `/client-certificates/${certificate.serial}/package`;
  const { pkcs12, password } = (await (await agent.get(path)).json()) as { pkcs12: string; password: string };
  const file = join(here.folder, `${certificate.serial}.p12`);
  writeFileSync(file, Buffer.from(pkcs12, "base64"));
  const open = (...what: string[]) =>
    execFileSync("openssl", ["pkcs12", "-in", file, "-passin", `pass:${password}`, "-noenc", ...what]).toString();
  return { certificate, path, password, client: { cert: open("-clcerts", "-nokeys"), key: open("-nocerts") } };
}

describe("a client certificate", () => {
  it("is accepted by nginx, its file handed out once, and refused once it is revoked", async () => {
    const { client, certificate, path } = await issue("ada@ecs.test");
    expect(await ask(nginx.httpsPort, client)).toBe("SUCCESS\n");
    expect(await (await agent.get(path)).json()).toMatchObject({ code: "PACKAGE_GONE" });

    const { revoked } = await request(certificate.serial);
    expect(revoked.map(({ serial }) => serial)).toEqual([certificate.serial]);
    expect(await ask(nginx.httpsPort, client)).toContain("400");
  });

  it("leaves no trace of its password in the queue or the log", async () => {
    const { password, certificate } = await issue("grace@ecs.test");
    const jobs = await (await agent.get("/jobs?limit=200")).text();
    expect(jobs).toContain(certificate.serial);
    expect(jobs + agent.log()).not.toContain(password);
  });

  it("is revoked over HTTP while the queue is away", async () => {
    const { client, certificate } = await issue("alan@ecs.test");
    expect(await ask(nginx.httpsPort, client)).toBe("SUCCESS\n");
    here.stopRedis();
    const answer = await agent.post("/client-certificates/revoke", { which: "alan@ecs.test" });
    expect(await answer.json()).toMatchObject({ revoked: [{ serial: certificate.serial }] });
    expect(await ask(nginx.httpsPort, client)).toContain("400");
    here.startRedis();
  });

  it("that is unknown cannot be revoked, and the answer says so", async () => {
    await expect(request("ABCDEF")).rejects.toMatchObject({ code: "CLIENT_CERTIFICATE_UNKNOWN" });
  });
});

describe("two agents at once", () => {
  it("serve the same, and neither undoes what the other does", async () => {
    const second = await here.startAgent();
    const asked = [1, 2, 3, 4].map(() => here.producer.request(CertEnsure, { requestedBy: "test", obtain: true }));
    const serials = new Set((await Promise.all(asked)).map(({ served }) => served.serial));
    expect(serials.size).toBe(1);
    expect(readdirSync(join(here.folder, "certificates/host"))).toHaveLength(1);
    expect(await second.end("SIGTERM")).toBe(0);
  });
});

describe("an authority of the application", () => {
  const authority = clientAuthority();
  const [keeps, loses] = [authority.issue("keeps"), authority.issue("loses")];
  /** As the application writes: each file as a whole. */
  const write = (files: Record<string, string>) => {
    for (const [name, text] of Object.entries(files)) {
      const path = join(here.folder, "ecs-ca", name);
      writeFileSync(`${path}.new`, text);
      renameSync(`${path}.new`, path);
    }
  };
  const offer = () => {
    const { caPem, crlPem } = authority.bundle();
    write({ "ca.cert.pem": caPem, "crl.pem": crlPem });
  };
  const accepts = async (client: { cert: string; key: string }) => (await ask(nginx.httpsPort, client)) === "SUCCESS\n";
  const refuses = async (client: { cert: string; key: string }) => !(await accepts(client));

  beforeAll(() => {
    here.writeComposeFile("x-appliance:\n  client-authority: application\nservices: {}\n");
    offer();
  });

  it("is taken over by itself", async () => {
    await until(() => accepts(loses), 15);
    expect((await status()).clients).toMatchObject({ owner: "application", revoked: 0, certificates: null });
  });

  it("has what it revokes refused, without a word to the agent", async () => {
    authority.revoke("loses");
    offer();
    // A worker from before the authority was taken over refuses it too, for as long as a reload takes.
    await until(async () => (await status()).clients.revoked === 1 && (await refuses(loses)), 15);
    expect(await accepts(keeps)).toBe(true);
  });

  it("keeps its last good list when it writes garbage, and that is a problem until it is mended", async () => {
    write({ "crl.pem": "no list at all\n" });
    await until(async () => (await status()).problems.length > 0, 15);
    expect((await status()).problems).toMatchObject([{ part: "clients", code: "APPLICATION_CRL_BROKEN" }]);
    expect([await accepts(keeps), await refuses(loses)]).toEqual([true, true]);
    offer();
    const { revoked } = await here.producer.request(CrlPublish, { requestedBy: "test" });
    expect([revoked, (await status()).problems]).toEqual([1, []]);
  });

  it("is the only one that issues", async () => {
    const order = { requestedBy: "test", email: "ada@ecs.test", name: "office" };
    await expect(here.producer.request(ClientIssue, order)).rejects.toMatchObject({ code: "CLIENT_CA_OF_APPLICATION" });
  });

  it("stays accepted in standby", async () => {
    here.writeSlice({ acme: obtainFrom(), application: null });
    await here.producer.request(CertEnsure, { requestedBy: "test" });
    expect([await accepts(keeps), await refuses(loses)]).toEqual([true, true]);
  });
});

describe("the process", () => {
  it("ends by itself when it is asked to, and serves the same after the next start", async () => {
    const before = (await status()).host.served?.serial;
    expect(await agent.end("SIGTERM")).toBe(0);
    agent = await here.startAgent();
    await until(async () => (await status()).host.served?.serial === before);
  });
});
