import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { clientAuthority, type Authority } from "./support/certificates.ts";
import { holdDownload, holdHttp2, holdKeepAlive, holdUpload, type Identity } from "./support/held-connection.ts";
import { startSite, statusOf, type Site } from "./support/site.ts";

const REVOCATION = { "end-connections": "" };
const MORE_THAN_GRACE_S = 24;

let authority: Authority;
let office: Identity;
let gone: Identity;
/** Two of them, so that two long waits are one. */
let revoking: Site;
let reloading: Site;

beforeAll(async () => {
  authority = await clientAuthority();
  office = await authority.issue("office");
  gone = await authority.issue("gone");
  revoking = await startSite();
  reloading = await startSite();
  for (const site of [revoking, reloading]) await serveClients(site);
});
afterAll(async () => {
  await revoking?.remove();
  await reloading?.remove();
});

const serveClients = async (site: Site, mark: Record<string, string> = {}) =>
  site.serveTls({ ...(await authority.files()), ...mark });

describe.concurrent("a reload", () => {
  it("of a revocation ends what is left of the connections before it within 30 s", { timeout: 90_000 }, async () => {
    const port = revoking.nginx.httpsPort();
    for (const version of TLS_VERSIONS)
      expect(await reconnect(port, version, gone)).toMatch(/^New,[^]*HTTP\/1\.1 200/m);
    const before = [
      await holdDownload(port, gone),
      await holdUpload(port, gone, 60),
      await holdKeepAlive(port, gone),
      await holdHttp2(port, gone),
    ];
    await authority.revoke("gone");
    const startedAt = performance.now();
    await serveClients(revoking, REVOCATION);

    expect(await statusOf(revoking.https(gone)), "a new connection").toBe(403);
    for (const version of TLS_VERSIONS)
      expect(await reconnect(port, version, gone)).toMatch(/^New,[^]*HTTP\/1\.1 403/m);
    const other = await holdDownload(port, office);

    await Promise.all(before.map(({ ended }) => ended));
    expect((performance.now() - startedAt) / 1000).toBeLessThan(30);
    expect(other.isOpen(), "somebody else's connection").toBe(true);
    other.close();
    expect(await statusOf(revoking.https(office))).toBe(200);
  });

  it(
    "of anything else lets running requests finish, also beside a revocation from before",
    { timeout: 90_000 },
    async () => {
      await serveClients(reloading, REVOCATION);
      const port = reloading.nginx.httpsPort();
      const first = await holdUpload(port, office, MORE_THAN_GRACE_S + 1);
      await reloading.serve({ uploadLimitMiB: 100 });
      const second = await holdUpload(port, office, MORE_THAN_GRACE_S);
      await serveClients(reloading);
      for (const upload of [first, second]) expect(await upload.ended).toContain("HTTP/1.1 200");
    },
  );
});

const TLS_VERSIONS = ["tls1_2", "tls1_3"] as const;

/** openssl asks after six handshakes, the last five with the session of the one before, of which there must be none. */
async function reconnect(port: number, version: (typeof TLS_VERSIONS)[number], { cert, key }: Identity) {
  const folder = mkdtempSync(join(tmpdir(), "reconnect-"));
  writeFileSync(join(folder, "client.pem"), cert + key);
  const target = ["-connect", `127.0.0.1:${port}`, "-servername", "ecs.test", `-${version}`, "-cert", "client.pem"];
  const args = ["s_client", ...target, "-reconnect", "-msg", "-ign_eof"];
  const input = "GET / HTTP/1.1\r\nHost: ecs.test\r\nConnection: close\r\n\r\n";
  const { stdout } = await runCommand("openssl", args, { cwd: folder, input, timeoutMs: 20_000 });
  expect(stdout).not.toMatch(/NewSessionTicket|Session-ID: \w|^Reused/m);
  return stdout;
}
