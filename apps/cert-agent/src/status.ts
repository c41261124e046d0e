import * as z from "zod";
import { readBundle, type ClientAuthority, type OpensslDeps } from "./client-authority/index.ts";
import type { ClientCertificates } from "./client-certificates.ts";
import { HostCertificateStatus, type HostCertificate } from "./host-certificate/index.ts";
import type { Problems } from "./problems.ts";
import type { Service } from "./service.ts";

const instant = z.iso.datetime();

const ClientsStatus = z.object({
  /** Who signs certificates of users; null while no compose file of this checkout says it. */
  owner: z.enum(["application", "appliance"]).nullable(),
  /** When the authority ends: of two, the one that issues. Null where there is none. */
  validUntil: instant.nullable(),
  /** When the first of the revocation lists in service ends. Null where there is none. */
  crlNextUpdate: instant.nullable(),
  /** How many certificates the lists in service refuse. */
  revoked: z.int(),
  /** The appliance's own, the oldest first; two during a rollover. */
  authorities: z.array(
    z.object({
      serial: z.string(),
      validFrom: instant,
      validUntil: instant,
      issuing: z.boolean(),
      crl: z.object({ number: z.string(), thisUpdate: instant, nextUpdate: instant, revoked: z.int() }).nullable(),
      validCertificates: z.int(),
    }),
  ),
  /** What the appliance issued; null where the application does. */
  certificates: z.object({ issued: z.int(), valid: z.int(), revoked: z.int(), expired: z.int() }).nullable(),
});
export type ClientsStatus = z.infer<typeof ClientsStatus>;

/** All that is known of the host's certificate and of those of its users. No secret is in it. */
export const CertificatesStatus = z.object({
  host: HostCertificateStatus.extend({ domain: z.string() }),
  clients: ClientsStatus,
  /** What is wrong now, part by part. */
  problems: z.array(
    z.object({ part: z.string(), code: z.string(), message: z.string(), remedy: z.string(), since: instant }),
  ),
});
export type CertificatesStatus = z.infer<typeof CertificatesStatus>;

export interface Status {
  /** @throws OperatorError `SLICE_MISSING` */
  read(signal: AbortSignal): Promise<CertificatesStatus>;
  /** What was read last: figures are asked for more often than anything changes. */
  last(): CertificatesStatus | undefined;
}

export interface StatusDeps {
  service: Service;
  host: HostCertificate;
  clients: ClientCertificates;
  appliance: ClientAuthority;
  openssl: OpensslDeps;
  problems: Problems;
}

export function createStatus(deps: StatusDeps): Status {
  let last: CertificatesStatus | undefined;
  return {
    async read(signal) {
      const slice = await deps.service.wanted();
      const owner = await deps.clients.owner(slice).catch(() => null); // it is a problem already
      last = {
        host: { domain: slice.domain, ...(await deps.host.status(slice)) },
        clients: owner === "application" ? await ofApplication(deps, signal) : await ofAppliance(owner, deps, signal),
        problems: deps.problems.list().map((one) => ({ ...one, since: one.since.toISOString() })),
      };
      return last;
    },
    last: () => last,
  };
}

async function ofApplication({ service, openssl }: StatusDeps, signal: AbortSignal): Promise<ClientsStatus> {
  const accepted = await service.accepted();
  const bundle = accepted && (await readBundle(accepted.caPem, accepted.crlPem, openssl, signal));
  return {
    owner: "application",
    validUntil: bundle?.validUntil.toISOString() ?? null,
    crlNextUpdate: bundle?.nextUpdate?.toISOString() ?? null,
    revoked: bundle?.revoked.size ?? 0,
    authorities: [],
    certificates: null,
  };
}

async function ofAppliance(
  owner: "appliance" | null,
  { appliance }: StatusDeps,
  signal: AbortSignal,
): Promise<ClientsStatus> {
  const { problems: _, ...status } = await appliance.status(signal);
  const revoked = status.authorities.reduce((sum, { crl }) => sum + (crl?.revoked ?? 0), 0);
  return { owner, revoked, ...status };
}
