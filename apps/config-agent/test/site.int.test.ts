import { rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { renderSite, type SiteSettings } from "../src/plan-site.ts";
import { ask, askHttp2, sendRaw, type Question } from "./support/ask.ts";
import { clientAuthority, serverCertificate } from "./support/certificates.ts";
import { buildNginxImage, docker, startEcho, startNginx, type Nginx } from "./support/nginx-container.ts";

const settings: SiteSettings = {
  domain: "ecs.test",
  allowedHosts: ["www.ecs.test"],
  upstream: { service: "ecs.web", port: 5000, protocol: "http", health: "/health/" },
};
const overUwsgi: SiteSettings = { ...settings, upstream: { service: "ecs.web", port: 5001, protocol: "uwsgi" } };

let nginx: Nginx;
let echo: string;

const serve = async (changes: Partial<SiteSettings> = {}) => {
  const verdict = await nginx.publishAndWait("site", renderSite({ ...settings, ...changes }));
  expect(verdict).toMatchObject({ ok: true, error: null });
};
const https = (question: Omit<Question, "port"> = {}) => ask("https", { port: nginx.httpsPort(), ...question });
const http = (question: Omit<Question, "port"> = {}) => ask("http", { port: nginx.httpPort(), ...question });
const statusOf = async (answer: Promise<{ status: number }>) => (await answer).status;
const isStatusPage = async (question: Omit<Question, "port"> = {}) => {
  const { status, headers, body } = await https(question);
  return status === 503 && headers["x-appliance-page"] === "status" && body.includes("</html>");
};
const until = async (condition: () => Promise<boolean>, what: string) => {
  for (const end = performance.now() + 20_000; performance.now() < end; await sleep(100)) if (await condition()) return;
  throw new Error(`not within 20 s: ${what}`);
};

beforeAll(async () => {
  await buildNginxImage();
  nginx = await startNginx();
  await nginx.publishAndWait("tls", await serverCertificate("ecs.test"));
  await serve();
  echo = await startEcho(nginx);
  await until(async () => (await statusOf(https())) === 200, "the application answers");
});
afterAll(async () => {
  if (echo) await docker("rm", "--force", echo);
  await nginx?.remove();
});

describe("names", () => {
  it("answers to the domain and the allowed hosts", async () => {
    expect(await statusOf(https())).toBe(200);
    expect(await statusOf(https({ host: "www.ecs.test" }))).toBe(200);
  });

  it.each([
    ["another Host", { host: "evil.test", sni: "ecs.test" }],
    ["another SNI", { host: "ecs.test", sni: "evil.test" }],
    ["another name in both", { host: "evil.test" }],
    ["an address", { host: "127.0.0.1", sni: "" }],
  ])("answers 421 behind TLS to %s", async (_what, question) => {
    expect(await statusOf(https(question))).toBe(421);
  });

  it("sends own names from port 80 to TLS with path and query, and refuses others", async () => {
    const answer = await http({ path: "/a?b=c" });
    expect([answer.status, answer.headers.location]).toEqual([301, "https://ecs.test/a?b=c"]);
    expect(await statusOf(http({ host: "evil.test" }))).toBe(400);
  });

  it("tells the application the name that chose the server, whatever Host says beside an absolute target", async () => {
    const text = "GET https://ecs.test/ HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n";
    const answer = await sendRaw(nginx.httpsPort(), "ecs.test", text);
    expect(answer).toContain('"Host","ecs.test"');
    expect(answer).not.toContain("evil.test");
  });

  it("serves challenge tokens from port 80, and no other file", async () => {
    writeFileSync(nginx.at("acme", "tok-EN_1"), "answer");
    expect((await http({ path: "/.well-known/acme-challenge/tok-EN_1" })).body).toBe("answer");
    for (const path of ["/.well-known/acme-challenge/../../etc/passwd", "/.well-known/acme-challenge/%2e%2e/x"])
      expect((await http({ path })).body).not.toContain("root:");
    expect(await statusOf(http({ path: "/.well-known/acme-challenge/other" }))).toBe(404);
  });
});

describe("the status page", () => {
  it("comes and goes with a file, without a reload, while the health path still reaches the application", async () => {
    const workers = await workerIds();
    writeFileSync(nginx.at("status", "on"), "");
    writeFileSync(nginx.at("status", "status.json"), '{"phase":"updating"}');
    try {
      for (const method of ["GET", "POST", "PUT", "DELETE"]) expect(await isStatusPage({ method })).toBe(true);
      expect(await isStatusPage({ host: "127.0.0.1", sni: "" })).toBe(true);
      expect(await statusOf(http())).toBe(503);
      expect((await https({ path: "/.appliance/status.json" })).body).toBe('{"phase":"updating"}');
      expect((await https()).headers).toMatchObject({ "retry-after": "10", "cache-control": "no-store" });
      expect(await statusOf(https({ path: "/health/" }))).toBe(200);
    } finally {
      rmSync(nginx.at("status", "on"));
    }
    expect(await statusOf(https())).toBe(200);
    expect((await https({ path: "/.appliance/status.json" })).body).toBe('{"phase":"serving"}\n');
    expect(await workerIds()).toBe(workers);
  });

  it(
    "shows in place of an absent application, and goes when it is back at another address, without a reload",
    { timeout: 120_000 },
    async () => {
      const workers = await workerIds();
      const address = () =>
        docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", echo);
      const before = await address();
      await docker("rm", "--force", echo);
      await until(() => isStatusPage(), "the page is shown");
      // Takes the address that is free now, so that the application must get another one.
      const inTheWay = await docker("run", "--detach", `--network=${nginx.name}`, "debian:trixie-slim", "sleep", "60");
      echo = await startEcho(nginx);
      await until(async () => (await statusOf(https())) === 200, "the application answers again");
      await docker("rm", "--force", inTheWay);
      expect(await address()).not.toBe(before);
      expect(await workerIds()).toBe(workers);
    },
  );

  it.each([404, 500, 502, 503, 504])("leaves the application's own %d as it is", async (status) => {
    const answer = await https({ path: `/status/${status}` });
    expect([answer.status, answer.headers["x-from"]]).toEqual([status, "application"]);
    expect(answer.headers["x-appliance-page"]).toBeUndefined();
  });

  it("is not shown for a request that reached the application and got no answer: it must not be sent again unasked", async () => {
    const { status, headers, body } = await https({ path: "/die" });
    expect([status, headers["retry-after"]]).toEqual([502, undefined]);
    expect(body).toContain("The application gave no answer");
    expect(body).not.toContain("<script");
  });
});

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

describe(`headers that a proxy sets (${FORGED.length} names)`, () => {
  it.each(FORGED)("reach the application from nginx alone: %s", async (name) => {
    const question = { [name]: ["forged-1", "forged-2"], "X-Keep": "kept" };
    const lower = Object.fromEntries(Object.entries(question).map(([key, value]) => [key.toLowerCase(), value]));
    const folded = `GET / HTTP/1.1\r\nHost: ecs.test\r\n${name}: forged-3\r\n${name}:forged-4\r\nX-Keep: kept\r\nConnection: close, ${name}\r\n\r\n`;
    const seen = [
      (await https({ headers: question })).body,
      (await askHttp2(nginx.httpsPort(), "ecs.test", lower)).body,
      await sendRaw(nginx.httpsPort(), "ecs.test", folded),
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
    const answer = await sendRaw(nginx.httpsPort(), "ecs.test", text);
    const reached = /"rawHeaders":\[(.*)\]/.exec(answer)?.[1] ?? "";
    expect(reached).not.toMatch(/"X-Ssl-Client-Verify[^"]*","SUCCESS/i);
  });

  it("say who the client is", async () => {
    const { rawHeaders } = JSON.parse((await https()).body) as { rawHeaders: string[] };
    const of = (name: string) => rawHeaders.filter((_value, at) => rawHeaders[at - 1] === name);
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

  it("are the same over the uwsgi protocol", async () => {
    await serve(overUwsgi);
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
      await serve();
    }
  });
});

describe("uploads", () => {
  it("pass whole up to the limit, and are refused above it", async () => {
    await serve({ uploadLimitMiB: 2 });
    const upload = async (bytes: number) => https({ method: "POST", body: Buffer.alloc(bytes) });
    expect(JSON.parse((await upload(2 * 1024 * 1024)).body)).toMatchObject({ bytes: 2 * 1024 * 1024 });
    expect(
      await statusOf(
        https({ method: "POST", headers: { "content-length": String(2 * 1024 * 1024 + 1) } }).catch(() => ({
          status: 413,
        })),
      ),
    ).toBe(413);
    await serve();
  });
});

/** The outcome of a handshake: what was agreed on, or the error. */
function handshake(
  options: ConnectionOptions,
): Promise<{ cipher?: string; version?: string | null; group?: string; socket?: TLSSocket; error?: string }> {
  return new Promise((resolve) => {
    const socket = connect({
      host: "127.0.0.1",
      port: nginx.httpsPort(),
      servername: "ecs.test",
      rejectUnauthorized: false,
      ...options,
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }));
    socket.on("secureConnect", () => {
      const key = socket.getEphemeralKeyInfo() as { name?: string };
      resolve({
        cipher: socket.getCipher().name,
        version: socket.getProtocol(),
        ...(key.name ? { group: key.name } : {}),
      });
      socket.destroy();
    });
  });
}

describe("TLS as in Mozilla's intermediate profile 6.0", () => {
  const legacy = (ciphers: string) => ({ ciphers: `${ciphers}:@SECLEVEL=0`, maxVersion: "TLSv1.2" as const });

  it.each(["TLSv1.2", "TLSv1.3"] as const)("speaks %s", async (version) => {
    expect(await handshake({ minVersion: version, maxVersion: version })).toMatchObject({ version });
  });

  it.each(["TLSv1", "TLSv1.1"] as const)("refuses %s", async (version) => {
    expect(await handshake({ minVersion: version, maxVersion: version, ciphers: "ALL:@SECLEVEL=0" })).toHaveProperty(
      "error",
    );
  });

  it.each(["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"])(
    "offers %s",
    async (ciphers) => expect(await handshake(legacy(ciphers))).toMatchObject({ cipher: ciphers }),
  );

  it.each([
    "ECDHE-ECDSA-AES128-SHA",
    "ECDHE-ECDSA-AES256-SHA384",
    "AES128-GCM-SHA256",
    "DHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES128-CCM",
  ])("refuses %s", async (ciphers) => expect(await handshake(legacy(ciphers))).toHaveProperty("error"));

  it.each(["X25519MLKEM768", "X25519", "prime256v1", "secp384r1"])("agrees on keys with %s", async (group) => {
    expect(await handshake({ ecdhCurve: group })).toMatchObject({ version: "TLSv1.3" });
  });

  it.each(["secp521r1", "X448"])("refuses keys by %s", async (group) => {
    expect(await handshake({ ecdhCurve: group })).toHaveProperty("error");
  });

  it.each(["TLSv1.2", "TLSv1.3"] as const)(
    "resumes no session over %s, so that a revoked client is asked again",
    async (version) => {
      const sessions: Buffer[] = [];
      await new Promise<void>((resolve, reject) => {
        const socket = connect({
          host: "127.0.0.1",
          port: nginx.httpsPort(),
          servername: "ecs.test",
          rejectUnauthorized: false,
          minVersion: version,
          maxVersion: version,
        });
        socket.on("session", (session) => sessions.push(session));
        socket.on("error", reject);
        socket.on("secureConnect", () => socket.write("GET / HTTP/1.1\r\nHost: ecs.test\r\nConnection: close\r\n\r\n"));
        socket.resume().on("close", () => resolve());
      });
      for (const session of sessions) {
        const reused = await new Promise<boolean>((resolve, reject) => {
          const socket = connect({
            host: "127.0.0.1",
            port: nginx.httpsPort(),
            servername: "ecs.test",
            rejectUnauthorized: false,
            session,
          });
          socket.on("error", reject);
          socket.on("secureConnect", () => resolve(socket.isSessionReused()));
          socket.resume();
          setTimeout(() => socket.destroy(), 200);
        });
        expect(reused).toBe(false);
      }
    },
  );

  it("speaks HTTP/2", async () => {
    expect(await statusOf(askHttp2(nginx.httpsPort(), "ecs.test", {}))).toBe(200);
  });
});

describe("client certificates", () => {
  it(
    "are verified and told to the application; revoked, foreign and missing ones are not let in where they must be",
    { timeout: 120_000 },
    async () => {
      const server = await serverCertificate("ecs.test");
      const authority = await clientAuthority();
      const [office, gone] = [await authority.issue("office"), await authority.issue("gone")];
      const foreign = await (await clientAuthority()).issue("foreign");
      await authority.revoke("gone");

      await serve({ clientCertificates: "mandatory" });
      expect(await statusOf(https()), "no CA yet: nobody").toBe(403);

      expect(await nginx.publishAndWait("tls", { ...server, ...(await authority.files()) })).toMatchObject({
        ok: true,
        error: null,
      });
      const answer = await https(office);
      expect(answer.status).toBe(200);
      expect(answer.body).toContain(
        '"X-Ssl-Client-Verify","SUCCESS","X-Ssl-Client-Serial","1000","X-Ssl-Client-S-Dn","CN=office"',
      );
      expect(await statusOf(https(gone)), "revoked").toBe(400);
      expect(await statusOf(https(foreign)), "of another CA").toBe(400);
      expect(await statusOf(https()), "none").toBe(403);

      await serve({ clientCertificates: "optional" });
      expect((await https()).body).toContain('"X-Ssl-Client-Verify","NONE"');
      expect(await statusOf(https(gone)), "revoked").toBe(400);
    },
  );
});

const workerIds = () =>
  nginx.exec(
    "bash",
    "-c",
    'for f in /proc/[0-9]*/cmdline; do IFS= read -r -d "" t <$f; [[ $t == *worker* ]] && echo $f; done; true',
  );
