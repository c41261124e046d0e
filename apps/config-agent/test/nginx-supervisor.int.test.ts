import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderSite } from "../src/plan-site.ts";
import { ask } from "./support/ask.ts";
import { clientAuthority, serverCertificate } from "./support/certificates.ts";
import { buildNginxImage, docker, ended, startEcho, startNginx, type Nginx } from "./support/nginx-container.ts";

const site = (domain: string) =>
  renderSite({ domain, allowedHosts: [], upstream: { service: "ecs.web", port: 5000, protocol: "http" } });
const BROKEN = { "site.conf": "server {\n  listen 8080 default_server;\n  no_such_directive on;\n}\n" };

let nginx: Nginx;
let certificate: Record<string, string>;

beforeAll(async () => {
  await buildNginxImage();
  certificate = await serverCertificate("ecs.test");
  nginx = await startNginx();
});
afterAll(() => nginx?.remove());

const statusAt = async (scheme: "http" | "https", host?: string) => {
  const port = scheme === "http" ? nginx.httpPort() : nginx.httpsPort();
  return (await ask(scheme, { port, ...(host ? { host } : {}) })).status;
};

const until = async (condition: () => Promise<boolean>, what: string) => {
  for (const end = performance.now() + 15_000; performance.now() < end; await sleep(50))
    if (await condition().catch(() => false)) return;
  throw new Error(`not within 15 s: ${what}`);
};

const settled = () => until(async () => (await statusAt("http")) > 0, "nginx answers");

describe("nginx without any configuration", () => {
  it("shows the status page to whoever asks for whatever", async () => {
    await settled();
    const answer = await ask("http", {
      port: nginx.httpPort(),
      host: "192.0.2.1",
      path: "/any/thing",
      method: "POST",
      body: "x",
    });
    expect(answer).toMatchObject({ status: 503, headers: { "retry-after": "10", "cache-control": "no-store" } });
    expect(answer.body).toContain("The appliance is starting");
    const json = await ask("http", { port: nginx.httpPort(), path: "/.appliance/status.json" });
    expect([json.status, JSON.parse(json.body)]).toEqual([200, expect.objectContaining({ phase: "starting" })]);
  });

  it("shows what config-agent wrote, from the next request on", async () => {
    writeFileSync(nginx.at("status", "index.html"), "<h1>Reading env.yml</h1>");
    expect((await ask("http", { port: nginx.httpPort() })).body).toBe("<h1>Reading env.yml</h1>");
    rmSync(nginx.at("status", "index.html"));
  });

  it("shows it behind TLS too as soon as there is a certificate", async () => {
    const { ok } = await nginx.publishAndWait("tls", certificate);
    expect(ok).toBe(true);
    expect(await statusAt("https", "192.0.2.1")).toBe(503);
  });

  it("shows it to clients with a bad certificate too, and answers challenges", async () => {
    const authority = await clientAuthority();
    const gone = await authority.issue("gone");
    await authority.revoke("gone");
    const tls = { ...certificate, ...(await authority.files()), "end-connections": "" };
    expect(await nginx.publishAndWait("tls", tls)).toMatchObject({ ok: true, error: null });
    const answer = await ask("https", { port: nginx.httpsPort(), path: "/any/thing?a=b", method: "POST", ...gone });
    expect([answer.status, answer.body]).toEqual([503, expect.stringContaining("The appliance is starting")]);
    writeFileSync(nginx.at("acme", "token"), "answer");
    const path = "/.well-known/acme-challenge/token";
    expect((await ask("http", { port: nginx.httpPort(), path })).body).toBe("answer");
  });

  it("keeps the key readable for its own user alone", async () => {
    const mode = await nginx.exec("bash", "-c", "stat -c '%a %U' /tmp/nginx/active/tls/server.key");
    expect(mode).toBe("400 nginx");
  });

  it("says that it is well", async () => {
    expect(await nginx.exec("/usr/local/bin/healthcheck").then(() => "well")).toBe("well");
  });
});

/** What later tests stand on, whichever of them run. */
const serveGoodSet = async () => {
  await nginx.publishAndWait("tls", certificate);
  await nginx.publishAndWait("upstream", {});
  expect(await nginx.publishAndWait("site", site("good.test"))).toMatchObject({ ok: true });
};

describe("a new generation", () => {
  beforeAll(serveGoodSet);

  it("is in service by itself when it is good", async () => {
    const { ok, error, serving, generation } = await nginx.publishAndWait("site", site("one.test"));
    expect({ ok, error, serving }).toEqual({ ok: true, error: null, serving: generation });
    expect(await statusAt("http", "one.test")).toBe(301);
  });

  it("is refused with file and line when it is bad, and what was there stays in service", async () => {
    const before = nginx.stateOf("site")?.serving;
    const { ok, error, serving } = await nginx.publishAndWait("site", BROKEN);
    expect({ ok, error, serving }).toEqual({
      ok: false,
      error: 'unknown directive "no_such_directive" in site/site.conf:3',
      serving: before,
    });
    expect(await statusAt("http", "one.test")).toBe(301);
  });

  it("of another part still comes into service beside a refused one", async () => {
    const { ok } = await nginx.publishAndWait("tls", await serverCertificate("two.test"));
    expect(ok).toBe(true);
    expect(nginx.stateOf("site")).toMatchObject({ ok: false });
  });

  it.each([
    [
      "a key of another certificate",
      "tls",
      async () => ({ ...certificate, "server.key": (await serverCertificate("x"))["server.key"]! }),
      /key values mismatch/,
    ],
    [
      "a CA for clients without a revocation list",
      "tls",
      async () => ({ ...certificate, "client-ca.crt": certificate["server.crt"]! }),
      /client\.crl/,
    ],
    [
      "an address map that is none",
      "upstream",
      async () => ({ "application.map": "not a map" }),
      /upstream\/application\.map/,
    ],
  ] as const)("with %s is refused", async (_what, part, files, reason) => {
    const { ok, error } = await nginx.publishAndWait(part, await files());
    expect({ ok, error }).toEqual({ ok: false, error: expect.stringMatching(reason) as string });
    expect(await statusAt("https", "one.test")).toBe(503);
  });

  it("is only ever a folder of its writer", async () => {
    mkdirSync(nginx.at("site", "elsewhere"), { recursive: true });
    nginx.switchTo("site", "../tls/gen-0001");
    expect(await nginx.verdict("site", "not-a-generation")).toMatchObject({ ok: false });
    expect(await statusAt("http", "one.test")).toBe(301);
  });

  it("that failed for a moment's reason is tried again by nginx itself", async () => {
    mkdirSync(nginx.at("site", "gen-late"));
    nginx.switchTo("site", "gen-late");
    expect(await nginx.verdict("site", "gen-late")).toMatchObject({ ok: false });
    for (const [file, text] of Object.entries(site("late.test")))
      writeFileSync(nginx.at("site", "gen-late", file), text);
    await until(async () => (await statusAt("http", "late.test")) === 301, "gen-late is served");
    await until(async () => nginx.stateOf("site")?.ok === true, "gen-late is reported");
  });
});

describe("a restart", () => {
  beforeAll(serveGoodSet);

  it("starts with the last good set when the one asked for is bad", async () => {
    const good = await nginx.publishAndWait("site", site("good.test"));
    await nginx.publishAndWait("site", BROKEN);
    await nginx.restart();
    await until(async () => (await statusAt("http", "good.test")) === 301, "the last good site is served");
    expect(nginx.stateOf("site")).toMatchObject({ ok: false, serving: good.generation });
  });

  it("shows the status page when neither is there, and takes the first good one", async () => {
    rmSync(nginx.at("state", "site.json"));
    await nginx.restart();
    await until(async () => (await statusAt("http", "good.test")) === 503, "the status page is served");
    await nginx.publishAndWait("site", site("good.test"));
    expect(await statusAt("http", "good.test")).toBe(301);
  });

  it("after a kill at any moment of a change ends with what is asked for", { timeout: 180_000 }, async () => {
    for (let round = 0; round < 7; round++) {
      const generation = nginx.publish("site", site(`round${round}.test`));
      await sleep(round * 60); // from before the change is seen until after it is reported
      await nginx.restart("KILL");
      expect(await nginx.verdict("site", generation, 15_000)).toMatchObject({ ok: true, serving: generation });
      await until(async () => (await statusAt("http", `round${round}.test`)) === 301, `round ${round} is served`);
    }
  });

  it("follows when nginx itself is killed: the container ends, and its engine starts it again", async () => {
    await nginx.exec("bash", "-c", "kill -KILL $(cat /tmp/nginx/nginx.pid)");
    expect(await ended(nginx.name)).toBe(1);
    await docker("start", nginx.name);
    await docker("kill", nginx.name);
    await ended(nginx.name);
    await docker("start", nginx.name);
  });

  it("lets open requests end first", async () => {
    const last = await startNginx();
    const echo = await startEcho(last);
    try {
      await last.publishAndWait("tls", certificate);
      await last.publishAndWait("site", site("ecs.test"));
      const slow = ask("https", { port: last.httpsPort(), path: "/slow" });
      await sleep(500);
      await docker("kill", "--signal", "TERM", last.name);
      expect((await slow).status).toBe(200);
      expect(await ended(last.name)).toBe(0);
    } finally {
      await docker("rm", "--force", echo);
      await last.remove();
    }
  });
});
