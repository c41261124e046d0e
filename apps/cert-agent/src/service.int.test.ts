/** What comes into service where nginx takes one half of a change and not the other. Its refusals are played. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { beforeAll, beforeEach, expect, it } from "vitest";
import { clientAuthority, serverCertificate } from "../test/certificates.ts";
import type { KeyedCertificate } from "./certificate.ts";
import type { ClientCertificates } from "./client-certificates.ts";
import type { HostCertificate } from "./host-certificate/index.ts";
import { createProblems } from "./problems.ts";
import type { TlsPublisher } from "./publish/publisher.ts";
import type { ClientBundle, TlsSet } from "./publish/tls-set.ts";
import { createService } from "./service.ts";

const signal = new AbortController().signal;
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const domain = "ecs.test";

let [oldServer, newServer]: KeyedCertificate[] = [];
let [oldClients, newClients]: ClientBundle[] = [];
beforeAll(() => {
  [oldServer, newServer] = [serverCertificate(domain), serverCertificate(domain)];
  [oldClients, newClients] = [clientAuthority().bundle(), clientAuthority().bundle()];
});

let published: TlsSet;
beforeEach(() => {
  published = { server: oldServer!, clients: oldClients! };
});

/** One whose nginx refuses every set that `refuses` says. */
function serviceWith(refuses: (set: TlsSet) => boolean) {
  const publisher: TlsPublisher = {
    published: async () => published,
    async publish({ server, clients }) {
      if (refuses({ server, clients })) throw new OperatorError("TLS_REFUSED", "nginx refused", { remedy: "None." });
      published = { server, clients };
    },
  };
  return createService({
    slice: async () => ({ timezone: "UTC", domain, allowedHosts: [], given: null, acme: null, application: null }),
    host: { served: async () => newServer } as Partial<HostCertificate> as HostCertificate,
    clients: { toAccept: async () => newClients } as Partial<ClientCertificates> as ClientCertificates,
    publisher,
    problems: createProblems(silent, () => new Date()),
    lockFile: join(mkdtempSync(join(tmpdir(), "service-")), "lock"),
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
