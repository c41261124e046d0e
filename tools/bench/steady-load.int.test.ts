import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { IncomingMessage, RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { countFailures, startLoad, type LoadResult } from "./steady-load.ts";

const PER_SECOND = 100;
const FOR_MS = 1000;

describe("the steady load", () => {
  let folder: string;
  let tls: { key: Buffer; cert: Buffer };
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "bench-load-"));
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const request = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"];
    execFileSync("openssl", [...request, "-subj", "/CN=localhost", "-keyout", key, "-out", cert], { stdio: "ignore" });
    tls = { key: readFileSync(key), cert: readFileSync(cert) };
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  async function loadOf(answer: RequestListener, keepAlive = true): Promise<LoadResult> {
    const server = createServer(tls, answer);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = new URL(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const load = startLoad({ url, perSecond: PER_SECOND, connections: 1, keepAlive });
    await sleep(FOR_MS);
    const result = await load.stop();
    await close(server);
    return result;
  }

  it("asks as often as it was told, and calls answers with 200 good", async () => {
    const result = await loadOf((_request, response) => response.end("well"));
    expect(result.requests).toBeGreaterThan((PER_SECOND * FOR_MS) / 1000 / 2);
    expect(result.milliseconds).toHaveLength(result.requests);
    expect(countFailures(result)).toBe(0);
    expect(result.retried).toBe(0);
  });

  it("counts apart what was reset on a reused connection and good on one retry", async () => {
    const seen = new WeakSet<IncomingMessage["socket"]>();
    const result = await loadOf((request, response) => {
      if (seen.has(request.socket)) return request.socket.destroy();
      seen.add(request.socket);
      return response.end("well");
    });
    expect(result.retried).toBeGreaterThan(0);
    expect(countFailures(result)).toBe(0);
  });

  it("uses each connection once when it is to keep none alive", async () => {
    const seen = new Set<IncomingMessage["socket"]>();
    const result = await loadOf((request, response) => {
      seen.add(request.socket);
      response.end("well");
    }, false);
    expect(seen.size).toBe(result.requests);
  });

  it("calls a reset of a fresh connection failed", async () => {
    const result = await loadOf((request) => request.socket.destroy(), false);
    expect(result.failures.get("ECONNRESET")).toBe(result.requests);
    expect(result.retried).toBe(0);
  });

  it("calls any other answer failed, with the reason", async () => {
    const result = await loadOf((_request, response) => response.writeHead(503).end());
    expect(result.failures.get("answered with 503")).toBe(result.requests);
  });

  it("calls an answer that broke off failed, also on a reused connection", async () => {
    const seen = new WeakSet<IncomingMessage["socket"]>();
    const result = await loadOf((request, response) => {
      if (!seen.has(request.socket)) {
        seen.add(request.socket);
        return response.end("well");
      }
      response.writeHead(200, { "content-length": 10 }).write("half");
      return setTimeout(() => request.socket.destroy(), 5);
    });
    expect(countFailures(result)).toBeGreaterThan(0);
    expect(result.retried).toBe(0);
  });
});

function close(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
