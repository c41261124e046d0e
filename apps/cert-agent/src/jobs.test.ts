import { OperatorError } from "@appliance/errors";
import type { ClientCertificate } from "@appliance/jobs";
import { expect, it } from "vitest";
import type { KeyedCertificate } from "./certificate.ts";
import type { ClientAuthority } from "./client-authority/index.ts";
import type { ClientCertificates } from "./client-certificates.ts";
import { revoke } from "./jobs.ts";
import type { Service } from "./service.ts";
import type { CertAgentSlice } from "./slice.ts";

const signal = new AbortController().signal;
const ada = { serial: "4A" } as ClientCertificate;
const failure = (code: string) => new OperatorError(code, "nginx says no.", { remedy: "Look." });

/** Revokes where serving ends with `error` and nginx has the list `served`; the authority's own is "new". */
function revokeWhere({ error, served }: { error?: OperatorError; served: string }) {
  const bundle = { caPem: "ca", crlPem: "new" } as Awaited<ReturnType<ClientAuthority["bundle"]>>;
  const authority: Partial<ClientAuthority> = { revoke: async () => [ada], bundle: async () => bundle };
  const clients: Partial<ClientCertificates> = { own: async () => authority as ClientAuthority };
  const service: Partial<Service> = {
    wanted: async () => ({}) as CertAgentSlice,
    accepted: async () => ({ caPem: "ca", crlPem: served }),
    serve: () => (error ? Promise.reject(error) : Promise.resolve({} as KeyedCertificate)),
  };
  return revoke("4A", { service: service as Service, clients: clients as ClientCertificates }, signal);
}

it("is done once the list is in service, though a new certificate of the host was refused beside it", async () => {
  expect(await revokeWhere({ served: "new" })).toEqual([ada]);
  expect(await revokeWhere({ error: failure("TLS_REFUSED"), served: "new" })).toEqual([ada]);
});

it.each([
  ["nginx does not take it up", { error: failure("TLS_NOT_TAKEN"), served: "new" }],
  ["it is refused", { error: failure("TLS_REFUSED"), served: "old" }],
  ["it could not be made", { served: "old" }],
])("says that a revocation is noted where its list is not in service: %s", async (_what, where) => {
  const message = expect.stringContaining("The revocation is noted") as string;
  await expect(revokeWhere(where)).rejects.toMatchObject({ code: "CRL_NOT_IN_SERVICE", message });
});
