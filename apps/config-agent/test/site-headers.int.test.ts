import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SiteSettings } from "../src/plan-site.ts";
import { askHttp2, sendRaw } from "./support/ask.ts";
import { clientAuthority } from "./support/certificates.ts";
import { SETTINGS, startSite, type Site } from "./support/site.ts";

const overUwsgi: SiteSettings = { ...SETTINGS, upstream: { service: "ecs.web", port: 5001, protocol: "uwsgi" } };

let site: Site;
let https: Site["https"];

beforeAll(async () => {
  site = await startSite();
  https = site.https;
});
afterAll(() => site?.remove());

/** What a client may try, by the rule that header names are caseless and that WSGI cannot tell `-` from `_`. */
const FORGED = [
  ["X-Ssl-Client-Verify", "X-SSL-CLIENT-VERIFY", "x-ssl-client-verify", "X_Ssl_Client_Verify", "X-Ssl_Client-Verify"],
  ["X-Ssl-Client-Serial", "x-ssl-client-SERIAL", "X_SSL_CLIENT_SERIAL", "X-Ssl-Client-S-Dn", "X-Ssl-Client-Cert"],
  [
    "X-Ssl-Anything",
    "X-SSL",
    "Ssl-Client-Verify",
    "SSL_CLIENT_VERIFY",
    "X-Client-Verify",
    "X-Client-Cert",
    "Client-Cert",
  ],
  [
    "X-Forwarded-For",
    "x-forwarded-for",
    "X_Forwarded_For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
  ],
  [
    "X-Forwarded-Server",
    "X-Forwarded-Prefix",
    "X-Forwarded-Ssl",
    "X-Forwarded",
    "X-FORWARDED-FOR",
    "X-Forwarded-Client-Cert",
  ],
  ["X-Real-IP", "X-REAL-IP", "X_Real_IP", "X-Real-Port", "Forwarded", "forwarded", "Forwarded-For", "X-Scheme"],
  [
    "X-Original-Url",
    "X-Rewrite-Url",
    "X-Cluster-Client-Ip",
    "True-Client-Ip",
    "Client-Ip",
    "Remote-User",
    "X-Remote-User",
  ],
  ["Proxy", "Front-End-Https", "X-Tls-Client-Verify", "X-Request-Id"],
].flat();

const valuesOf = (rawHeaders: readonly string[], name: RegExp) =>
  rawHeaders.filter((_value, at) => at % 2 === 1 && name.test(rawHeaders[at - 1]!));

describe("compression", () => {
  const encodingOf = async (headers: Record<string, string>) =>
    (await https({ headers: { "accept-encoding": "gzip", "x-long": "x".repeat(2000), ...headers } })).headers[
      "content-encoding"
    ];

  it.each(["same-origin", "none"])("is for what was asked for by %s", async (origin) => {
    expect(await encodingOf({ "sec-fetch-site": origin })).toBe("gzip");
  });

  it.each([
    {},
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { referer: "https://evil.test/" },
  ])("is not for what another site may have asked for: %j", async (headers) =>
    expect(await encodingOf(headers)).toBeUndefined(),
  );
});

describe(`headers that a proxy sets (${FORGED.length} names)`, () => {
  it.each(FORGED)("reach the application from nginx alone: %s", async (name) => {
    const question = { [name]: ["forged-1", "forged-2"], "X-Keep": "kept" };
    const lower = Object.fromEntries(Object.entries(question).map(([key, value]) => [key.toLowerCase(), value]));
    const folded = `GET / HTTP/1.1\r\nHost: ecs.test\r\n${name}: forged-3\r\n${name}:forged-4\r\nX-Keep: kept\r\nConnection: close, ${name}\r\n\r\n`;
    const seen = [
      (await https({ headers: question })).body,
      (await askHttp2(site.nginx.httpsPort(), "ecs.test", lower)).body,
      await sendRaw(site.nginx.httpsPort(), "ecs.test", folded),
    ];
    for (const body of seen) {
      expect(body).toContain("kept");
      expect(body).not.toContain("forged");
    }
  });

  it.each([
    ["a space before the colon", "X-Ssl-Client-Verify : SUCCESS"],
    ["a folded line", "X-Keep: a\r\n X-Ssl-Client-Verify: SUCCESS"],
    ["a bare carriage return", "X-Keep: a\rX-Ssl-Client-Verify: SUCCESS"],
    ["a NUL", "X-Ssl-Client-Verify\0: SUCCESS"],
    ["a leading space", " X-Ssl-Client-Verify: SUCCESS"],
  ])("are not slipped in by %s", async (_what, line) => {
    const text = `GET / HTTP/1.1\r\nHost: ecs.test\r\n${line}\r\nConnection: close\r\n\r\n`;
    const answer = await sendRaw(site.nginx.httpsPort(), "ecs.test", text);
    const reached = /"rawHeaders":\[(.*)\]/.exec(answer)?.[1] ?? "";
    expect(reached).not.toMatch(/"X-Ssl-Client-Verify[^"]*","SUCCESS/i);
  });

  it("say who the client is", async () => {
    const { rawHeaders } = JSON.parse((await https()).body) as { rawHeaders: string[] };
    const of = (name: string) => valuesOf(rawHeaders, new RegExp(`^${name}$`));
    expect([of("Host"), of("X-Forwarded-Host"), of("X-Forwarded-Proto")]).toEqual([
      ["ecs.test"],
      ["ecs.test"],
      ["https"],
    ]);
    expect(of("X-Ssl-Client-Verify")).toEqual(["NONE"]);
    expect(of("X-Ssl-Client-Serial")).toEqual([]);
    expect(of("X-Forwarded-For")).toEqual(of("X-Real-IP"));
    expect(of("X-Real-IP")).toEqual([expect.stringMatching(/^[\d.]+$/)]);
  });

  it("are the verified certificate's, whatever its owner sends beside it", async () => {
    const authority = await clientAuthority();
    const owner = await authority.issue("office");
    await site.serveTls(await authority.files());
    const forged = Object.fromEntries(FORGED.map((name) => [name.toLowerCase(), ["forged-1", "forged-2"]]));
    const answers = [
      await https({ ...owner, headers: forged }),
      await askHttp2(site.nginx.httpsPort(), "ecs.test", forged, owner),
    ];
    for (const { body } of answers) {
      const { rawHeaders } = JSON.parse(body) as { rawHeaders: string[] };
      expect(rawHeaders.filter((text) => text.includes("forged"))).toEqual([]);
      expect(valuesOf(rawHeaders, /^x.ssl/i)).toEqual(["SUCCESS", "1000", "CN=office"]);
    }
  });

  it("are the same over the uwsgi protocol", async () => {
    await site.serve(overUwsgi);
    try {
      const headers = Object.fromEntries(FORGED.map((name) => [name, "forged"]));
      const { variables } = JSON.parse((await https({ headers: { ...headers, "X-Keep": "kept" } })).body) as {
        variables: [string, string][];
      };
      expect(variables.flat()).not.toContain("forged");
      expect(new Set(variables.map(([name]) => name)).size).toBe(variables.length);
      expect(Object.fromEntries(variables)).toMatchObject({
        HTTP_HOST: "ecs.test",
        HTTP_X_SSL_CLIENT_VERIFY: "NONE",
        HTTP_X_FORWARDED_PROTO: "https",
        HTTP_X_KEEP: "kept",
        HTTPS: "on",
        SERVER_PORT: "443",
        PATH_INFO: "/",
      });
    } finally {
      await site.serve();
    }
  });
});
