/** What comes into service where nginx takes one half of a change and not the other. Its refusals are played. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { clientAuthority, serverCertificate } from "../test/certificates.ts";
import type { KeyedCertificate } from "./certificate.ts";
import type { ClientCertificates } from "./client-certificates.ts";
import type { HostCertificate, RenewalReport } from "./host-certificate/index.ts";
import { createProblems } from "./problems.ts";
import type { TlsPublisher } from "./publish/publisher.ts";
import type { ClientTrust, TlsSet } from "./publish/tls-set.ts";
import { createService, type ServiceDeps } from "./service.ts";

const signal = new AbortController().signal;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const domain = "ecs.test";
const slice = { timezone: "UTC", domain, allowedHosts: [], given: null, acme: null, application: null };

let [oldServer, newServer]: KeyedCertificate[] = [];
let [oldClients, newClients]: ClientTrust[] = [];
beforeAll(() => {
  [oldServer, newServer] = [serverCertificate(domain), serverCertificate(domain)];
  [oldClients, newClients] = [clientAuthority().bundle(), clientAuthority().bundle()];
});

let published: TlsSet;
beforeEach(() => {
  published = { server: oldServer!, clients: oldClients! };
});

/** One whose nginx refuses every set that `refuses` says. */
function serviceWith(refuses: (set: TlsSet) => boolean, changed: Partial<ServiceDeps> = {}) {
  const publisher: TlsPublisher = {
    published: async () => published,
    async publish({ server, clients }) {
      if (refuses({ server, clients })) throw new OperatorError("TLS_REFUSED", "nginx refused", { remedy: "None." });
      published = { server, clients };
    },
  };
  return createService({
    slice: async () => slice,
    host: { served: async () => newServer } as Partial<HostCertificate> as HostCertificate,
    clients: { toAccept: async () => newClients } as Partial<ClientCertificates> as ClientCertificates,
    publisher,
    problems: createProblems(silent, () => new Date()),
    lockFile: join(mkdtempSync(join(tmpdir(), "service-")), "lock"),
    ...changed,
  });
}

it("brings both into service where both are taken", async () => {
  await serviceWith(() => false).serve(signal);
  expect(published).toEqual({ server: newServer, clients: newClients });
});

it("lets no refused certificate of the host hold up a revocation", async () => {
  const service = serviceWith(({ server }) => server === newServer);
  await expect(service.serve(signal)).rejects.toMatchObject({ code: "TLS_REFUSED" });
  expect(published).toEqual({ server: oldServer, clients: newClients });
});

it("lets no refused authority of clients hold up the certificate of the host", async () => {
  const service = serviceWith(({ clients }) => clients === newClients);
  await expect(service.serve(signal)).rejects.toMatchObject({ code: "TLS_REFUSED" });
  expect(published).toEqual({ server: newServer, clients: oldClients });
});

it("leaves all as it was where neither is taken", async () => {
  const service = serviceWith(({ server, clients }) => server === newServer || clients === newClients);
  await expect(service.serve(signal)).rejects.toMatchObject({ code: "TLS_REFUSED" });
  expect(published).toEqual({ server: oldServer, clients: oldClients });
});

/** A certificate that the store prefers once it is known as proven, which takes as long as a disk may. */
function hostThatRenews() {
  let proven = false;
  const markProven = async () => {
    await sleep(300);
    proven = true;
  };
  const host: Partial<HostCertificate> = {
    served: async () => (proven ? newServer! : oldServer!),
    async renew(_wanted, { put }): Promise<RenewalReport> {
      await put(newServer!, markProven, signal);
      return { outcome: "renewed" };
    },
    status: async () => ({ problem: null, renewal: null }) as Awaited<ReturnType<HostCertificate["status"]>>,
  };
  return host as HostCertificate;
}

it("leaves a renewed certificate in service when it looks before that is known to be proven", async () => {
  const service = serviceWith(() => false, { host: hostThatRenews() });
  const renewal = service.renew("by nobody", signal);
  while (published.server !== newServer) await sleep(10);
  await service.serve(signal);
  expect(published.server).toBe(newServer);
  await renewal;
});

it("publishes no certificate that was obtained for what env.yml has said before", async () => {
  const told = [slice, { ...slice, domain: "new.test" }];
  const service = serviceWith(() => false, { host: hostThatRenews(), slice: async () => told.shift() });
  await expect(service.renew("by nobody", signal)).rejects.toMatchObject({ code: "ENV_CHANGED" });
  expect(published.server).toBe(oldServer);
});

it("serves what env.yml says when its turn comes, not what it said before it waited", async () => {
  const seen: string[] = [];
  let told = "old.test";
  const served = async ({ domain }: { domain: string }) => {
    seen.push(domain);
    if (seen.length === 1) await sleep(300);
    return newServer!;
  };
  const service = serviceWith(() => false, {
    slice: async () => ({ ...slice, domain: told }),
    host: { served } as Partial<HostCertificate> as HostCertificate,
  });
  const first = service.serve(signal);
  while (seen.length === 0) await sleep(10);
  const second = service.serve(signal);
  await sleep(50);
  told = "new.test";
  await Promise.all([first, second]);
  expect(seen).toEqual(["old.test", "new.test"]);
});
