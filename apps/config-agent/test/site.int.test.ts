import { rmSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sendPlain, sendRaw } from "./support/ask.ts";
import { docker } from "./support/nginx-container.ts";
import { startSite, statusOf, until, type Site } from "./support/site.ts";

let site: Site;
let https: Site["https"];

beforeAll(async () => {
  site = await startSite();
  https = site.https;
});
afterAll(() => site?.remove());

const isStatusPage = async (question: Parameters<Site["https"]>[0] = {}) => {
  const { status, headers, body } = await https(question);
  return status === 503 && headers["x-appliance-page"] === "status" && body.includes("</html>");
};

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
    const answer = await site.http({ path: "/a?b=c" });
    expect([answer.status, answer.headers.location]).toEqual([301, "https://ecs.test/a?b=c"]);
    expect(await statusOf(site.http({ host: "evil.test" }))).toBe(400);
  });

  it("tells the application the name that chose the server, whatever Host says beside an absolute target", async () => {
    const text = "GET https://ecs.test/ HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\n\r\n";
    const answer = await sendRaw(site.nginx.httpsPort(), "ecs.test", text);
    expect(answer).toContain('"Host","ecs.test"');
    expect(answer).not.toContain("evil.test");
  });
});

describe("answers of HTTP-01 challenges", () => {
  const FOLDER = "/.well-known/acme-challenge";
  const isAnswered = async (question: Parameters<Site["http"]>[0] = {}) => {
    const { status, body, headers } = await site.http({ path: `${FOLDER}/tok-EN_1`, ...question });
    return status === 200 && body === "answer" && headers["content-type"] === "text/plain";
  };
  beforeAll(() => writeFileSync(site.nginx.at("acme", "tok-EN_1"), "answer"));

  it("come from port 80, also while the status page is shown and for a name that the site does not know yet", async () => {
    expect(await isAnswered()).toBe(true);
    expect(await isAnswered({ host: "new.ecs.test" })).toBe(true);
    writeFileSync(site.nginx.at("status", "on"), "");
    try {
      expect(await isAnswered()).toBe(true);
    } finally {
      rmSync(site.nginx.at("status", "on"));
    }
  });

  it("are all that comes from there without TLS", async () => {
    expect(await statusOf(site.http({ path: `${FOLDER}/other` }))).toBe(404);
    for (const path of ["", "/", "/a/b", "/tok-EN_1/", "/tok-EN_1.txt"])
      expect(await statusOf(site.http({ path: `${FOLDER}${path}` }))).toBe(301);
  });

  it.each([
    "/../../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/..%2f..%2fetc%2fpasswd",
    "/....//etc/passwd",
    "/.%00./etc/passwd",
    "/tok-EN_1%00",
    "/..%5c..%5cetc%5cpasswd",
    "//etc/passwd",
  ])("lead to no other file by %s", async (path) => {
    const text = `GET ${FOLDER}${path} HTTP/1.1\r\nHost: ecs.test\r\nConnection: close\r\n\r\n`;
    const answer = await sendPlain(site.nginx.httpPort(), text);
    expect(answer).toMatch(/^HTTP\/1\.1 (301|400|404) /);
    expect(answer).not.toMatch(/root:|\r\n\r\nanswer/);
  });
});

describe("the status page", () => {
  it("comes and goes with a file, without a reload, while the health path still reaches the application", async () => {
    const workers = await workerIds();
    writeFileSync(site.nginx.at("status", "on"), "");
    writeFileSync(site.nginx.at("status", "status.json"), '{"phase":"updating"}');
    try {
      for (const method of ["GET", "POST", "PUT", "DELETE"]) expect(await isStatusPage({ method })).toBe(true);
      expect(await isStatusPage({ host: "127.0.0.1", sni: "" })).toBe(true);
      expect(await statusOf(site.http())).toBe(503);
      expect((await https({ path: "/.appliance/status.json" })).body).toBe('{"phase":"updating"}');
      expect((await https()).headers).toMatchObject({ "retry-after": "10", "cache-control": "no-store" });
      expect(await statusOf(https({ path: "/health/" }))).toBe(200);
    } finally {
      rmSync(site.nginx.at("status", "on"));
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
      const before = await site.addressOfApplication();
      let inTheWay = "";
      await site.replaceApplication(async () => {
        await until(() => isStatusPage(), "the page is shown");
        // Takes the address that is free now, so that the application must get another one.
        const network = `--network=${site.nginx.name}`;
        inTheWay = await docker("run", "--detach", network, "debian:trixie-slim", "sleep", "60");
      });
      await until(async () => (await statusOf(https())) === 200, "the application answers again");
      await docker("rm", "--force", inTheWay);
      expect(await site.addressOfApplication()).not.toBe(before);
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

describe("uploads", () => {
  it("pass whole up to the limit, and are refused above it", async () => {
    await site.serve({ uploadLimitMiB: 2 });
    const upload = async (bytes: number) => https({ method: "POST", body: Buffer.alloc(bytes) });
    expect(JSON.parse((await upload(2 * 1024 * 1024)).body)).toMatchObject({ bytes: 2 * 1024 * 1024 });
    expect(
      await statusOf(
        https({ method: "POST", headers: { "content-length": String(2 * 1024 * 1024 + 1) } }).catch(() => ({
          status: 413,
        })),
      ),
    ).toBe(413);
    await site.serve();
  });
});

const workerIds = () =>
  site.nginx.exec(
    "bash",
    "-c",
    'for f in /proc/[0-9]*/cmdline; do IFS= read -r -d "" t <$f; [[ $t == *worker* ]] && echo $f; done; true',
  );
