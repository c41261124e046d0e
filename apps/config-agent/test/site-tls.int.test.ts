import { connect, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { askHttp2 } from "./support/ask.ts";
import { startSite, statusOf, type Site } from "./support/site.ts";

let site: Site;
let https: Site["https"];

beforeAll(async () => {
  site = await startSite();
  https = site.https;
});
afterAll(() => site?.remove());

/** The outcome of a handshake: what was agreed on, or the error. */
function handshake(
  options: ConnectionOptions,
): Promise<{ cipher?: string; version?: string | null; group?: string; socket?: TLSSocket; error?: string }> {
  return new Promise((resolve) => {
    const socket = connect({
      host: "127.0.0.1",
      port: site.nginx.httpsPort(),
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
          port: site.nginx.httpsPort(),
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
            port: site.nginx.httpsPort(),
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

  it("binds browsers to itself with each answer for a public name, and with none without TLS", async () => {
    const domain = "ecs.example.org";
    await site.serve({ domain });
    try {
      for (const path of ["/", "/status/500", "/die", "/health/", "/.appliance/status.json"])
        expect((await https({ host: domain, path })).headers["strict-transport-security"]).toBe("max-age=63072000");
      for (const path of ["/", "/.appliance/status.json"])
        expect((await site.http({ host: domain, path })).headers["strict-transport-security"]).toBeUndefined();
    } finally {
      await site.serve();
    }
  });

  it("speaks HTTP/2", async () => {
    expect(await statusOf(askHttp2(site.nginx.httpsPort(), "ecs.test", {}))).toBe(200);
  });
});
