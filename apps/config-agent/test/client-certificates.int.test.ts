import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askHttp2 } from "./support/ask.ts";
import { clientAuthority } from "./support/certificates.ts";
import type { Identity } from "./support/held-connection.ts";
import { startSite, statusOf, type Site } from "./support/site.ts";

let site: Site;
let https: Site["https"];
let clients: Record<string, string>;
let office: Identity;
const bad: Record<string, Identity> = {};

beforeAll(async () => {
  site = await startSite();
  https = site.https;
  const [authority, another] = [await clientAuthority(), await clientAuthority("Another CA")];
  office = await authority.issue("office");
  bad["revoked"] = await authority.issue("gone");
  bad["expired"] = await authority.issue("old", { expired: true });
  bad["of another CA"] = await another.issue("foreign");
  await authority.revoke("gone");
  clients = await authority.files();
  await site.serveTls(clients);
});
afterAll(() => site?.remove());

const BAD = ["revoked", "expired", "of another CA"];

describe.each(["mandatory", "optional"] as const)("client certificates that are %s", (clientCertificates) => {
  beforeAll(() => site.serve({ clientCertificates }));

  it("are verified and told to the application", async () => {
    const { status, body } = await https(office);
    expect(status).toBe(200);
    expect(body).toContain(
      '"X-Ssl-Client-Verify","SUCCESS","X-Ssl-Client-Serial","1000","X-Ssl-Client-S-Dn","CN=office"',
    );
  });

  it.each(BAD)("get a page that says what to do when they are %s", async (kind) => {
    for (const question of [{}, { path: "/a?b=c" }, { method: "POST", body: "x" }]) {
      const { status, headers, body } = await https({ ...bad[kind]!, ...question });
      expect([status, headers["content-type"]]).toEqual([403, "text/html; charset=utf-8"]);
      expect(body).toContain("Your certificate is not accepted");
      expect(body).not.toContain("rawHeaders");
    }
    const { status, body } = await askHttp2(site.nginx.httpsPort(), "ecs.test", {}, bad[kind]);
    expect([status, body]).toEqual([403, expect.stringContaining("Your certificate is not accepted")]);
  });

  it.each([...BAD, "absent"])("do not matter for what is everybody's: %s", async (kind) => {
    const who = bad[kind] ?? {};
    expect((await https({ path: "/.appliance/status.json", ...who })).body).toBe('{"phase":"serving"}\n');
    const health = await https({ path: "/health/", ...who });
    expect(health.status).toBe(200);
    expect(health.body).toContain('"X-Ssl-Client-Verify","NONE"');
    expect(health.body).not.toContain("X-Ssl-Client-Serial");

    writeFileSync(site.nginx.at("status", "on"), "");
    try {
      const page = await https(who);
      expect([page.status, page.headers["x-appliance-page"]]).toEqual([503, "status"]);
      expect(page.body).toContain("The appliance is starting");
    } finally {
      rmSync(site.nginx.at("status", "on"));
    }
  });

  it.each(["/health/more", "/health", "/health/../", "/.appliance/certificate", "/.appliance/certificate-x.html"])(
    "open no other path when they are bad: %s",
    async (path) => {
      const { status, body } = await https({ path, ...bad["revoked"]! });
      expect([status, body]).toEqual([403, expect.stringContaining("Your certificate is not accepted")]);
    },
  );
});

it("who has no certificate is told so where one is mandatory, and let in without its rights where not", async () => {
  await site.serve({ clientCertificates: "mandatory" });
  const { status, body } = await https();
  expect([status, body]).toEqual([403, expect.stringContaining("This site needs your certificate")]);
  await site.serve({ clientCertificates: "optional" });
  expect((await https()).body).toContain('"X-Ssl-Client-Verify","NONE"');
});

it("a name of the site is answered to on a connection for that name alone: the certificate was asked for by it", async () => {
  await site.serve({ clientCertificates: "optional" });
  expect(await statusOf(https({ host: "www.ecs.test", sni: "ecs.test" }))).toBe(421);
  expect(await statusOf(https({ host: "www.ecs.test" }))).toBe(200);
});

it("nobody is let in where one is mandatory and there is no CA yet", async () => {
  await site.serve({ clientCertificates: "mandatory" });
  await site.serveTls();
  for (const question of [{}, office])
    expect((await https(question)).body).toContain("This site needs your certificate");
  await site.serveTls(clients);
});

it("the pages are nobody's to ask for", async () => {
  await site.serve({ clientCertificates: "optional" });
  for (const path of ["/.appliance/certificate", "/.appliance/certificate-needed.html"])
    expect(await statusOf(https({ path }))).toBe(404);
});
