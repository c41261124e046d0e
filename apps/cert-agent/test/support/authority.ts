import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startFaultProxy, startPebble, type PebbleOptions } from "@appliance/acme/testing";
import { runCommand } from "@appliance/command";
import type { KeyedCertificate } from "../../src/certificate.ts";
import { createHostCertificate, type HostCertificateDeps } from "../../src/host-certificate/index.ts";

const CHALLENGES = "/.well-known/acme-challenge/";
const QUIET = { info: () => {}, warn: () => {} };

/** A Pebble behind a proxy with faults, a stand-in for nginx' port 80, and folders of their own. */
export async function startAuthority(options: PebbleOptions = {}) {
  const folder = mkdtempSync(join(tmpdir(), "host-certificate-"));
  const challengeFolder = mkdtempSync(join(tmpdir(), "challenges-"));
  const pebble = await startPebble(options);
  const proxy = await startFaultProxy(pebble);
  const port80 = await serveFiles(challengeFolder, pebble.httpPort);
  const acme = { directoryUrl: proxy.directoryUrl, ca: pebble.ca, profile: null, externalAccount: null };
  const clock = { aheadMs: 0 };
  const deps: HostCertificateDeps = {
    folder,
    challengeFolder,
    target: { address: "127.0.0.1", port: pebble.httpPort },
    builtAt: new Date("2020-01-01T00:00:00Z"),
    run: runCommand,
    log: QUIET,
    now: () => new Date(Date.now() + clock.aheadMs),
    acmeOptions: { retryDelayMs: 20, patienceMs: 100 },
    dns: { addressesOf: () => Promise.resolve(["127.0.0.1"]), publicPort: pebble.httpPort },
  };
  return {
    pebble,
    proxy,
    port80,
    folder,
    challengeFolder,
    deps,
    /** Of the agent, beside the real one. */
    clock,
    wanted: { domain: "a.test", allowedHosts: [] as string[], given: null, acme },
    agent: (changes: Partial<HostCertificateDeps> = {}) => createHostCertificate({ ...deps, ...changes }),
    orders: () => proxy.seen.filter(({ path }) => path === "/order-plz").length,
    stored: () => readdirSync(join(folder, "host")).filter((name) => !name.startsWith(".")),
    async stop() {
      await port80.stop();
      await proxy.stop();
      await pebble.stop();
      for (const path of [folder, challengeFolder]) rmSync(path, { recursive: true, force: true });
    },
  };
}

export type Authority = Awaited<ReturnType<typeof startAuthority>>;

/** Gives the files as nginx does; the names in `refused` get another server's answer. */
async function serveFiles(folder: string, port: number) {
  const refused = new Set<string>();
  const server = createServer((request, answer) => {
    const { url = "", headers } = request;
    const file = url.startsWith(CHALLENGES) && !refused.has(headers.host ?? "") ? url.slice(CHALLENGES.length) : "none";
    readFile(join(folder, file)).then(
      (text) => answer.end(text),
      () => answer.writeHead(404).end(),
    );
  }).listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    refused,
    async stop() {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

/** Remembers what was put into service; throws what it is told to. */
export function recordingPut() {
  const given: KeyedCertificate[] = [];
  const service = {
    given,
    failure: undefined as Error | undefined,
    put: (certificate: KeyedCertificate, proven: () => Promise<void>): Promise<void> => {
      given.push(certificate);
      return service.failure ? Promise.reject(service.failure) : proven();
    },
  };
  return service;
}
