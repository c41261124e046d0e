import * as z from "zod";

/*
 * What the command reads of cert-agent's answers; as in shapes.ts, only what is shown is checked.
 */

const instant = z.string();

export const EnsureResult = z.object({
  served: z.object({ source: z.string(), names: z.array(z.string()), serial: z.string(), validUntil: instant }),
  obtained: z.discriminatedUnion("outcome", [
    z.object({ outcome: z.literal("not asked for") }),
    z.object({ outcome: z.literal("not due"), reason: z.string() }),
    z.object({ outcome: z.literal("renewed") }),
    z.object({
      outcome: z.literal("failed"),
      code: z.string(),
      message: z.string(),
      remedy: z.string(),
      retryAt: instant,
    }),
  ]),
});
export type EnsureResult = z.infer<typeof EnsureResult>;

export const ClientCertificate = z.object({
  serial: z.string(),
  email: z.string(),
  name: z.string(),
  issuedAt: instant,
  validUntil: instant,
  revokedAt: instant.nullable(),
  /** The serial of the authority that issued it. */
  authority: z.string(),
});
export type ClientCertificate = z.infer<typeof ClientCertificate>;

export const ClientCertificates = z.object({ certificates: z.array(ClientCertificate) });
export const IssueResult = z.object({ certificate: ClientCertificate });
export const RevokeResult = z.object({ revoked: z.array(ClientCertificate) });
export const PublishedList = z.object({ nextUpdate: instant, revoked: z.int() });
/** A key with its certificate as PKCS#12 in base64, and what opens it; handed out once. */
export const ClientPackage = z.object({ pkcs12: z.string(), password: z.string() });

const Failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });
const NameNote = z.object({ name: z.string(), detail: z.string() });

/** The certificate of the host: what is served, and what is done for the next one. */
export const HostStatus = z.object({
  domain: z.string(),
  served: z
    .object({
      source: z.string(),
      place: z.string(),
      names: z.array(z.string()),
      issuer: z.string(),
      serial: z.string(),
      validUntil: instant,
    })
    .nullable(),
  passedOver: z.array(z.object({ place: z.string(), reason: z.string() })),
  problem: Failure.nullable(),
  clockTrusted: z.boolean(),
  /** Null where no certificate is asked for, for the reason `notObtained`. */
  renewal: z
    .object({
      directoryUrl: z.string(),
      notAsked: z.array(z.object({ name: z.string(), reason: z.string() })),
      next: z.object({ at: instant, reason: z.string() }),
      lastError: Failure.extend({ at: instant }).nullable(),
      nameFailures: z.array(NameNote),
      dns: z.array(NameNote.extend({ verdict: z.string() })),
    })
    .nullable(),
  notObtained: z.string().nullable(),
});
export type HostStatus = z.infer<typeof HostStatus>;

/** Who signs certificates of users, null while nothing says it. The rest is null as long as there is nothing to check them with. */
export const ClientStatus = z.object({
  owner: z.enum(["application", "appliance"]).nullable(),
  /** When the first authority and the first revocation list end. */
  validUntil: instant.nullable(),
  crlNextUpdate: instant.nullable(),
  /** Of the appliance alone; two during a rollover, the oldest first. */
  authorities: z
    .array(z.object({ serial: z.string(), validUntil: instant, issuing: z.boolean(), validCertificates: z.int() }))
    .default([]),
});
export type ClientStatus = z.infer<typeof ClientStatus>;

/** What a change of the authority came to. */
export const RolloverResult = z.object({ outcome: z.enum(["begun", "under way", "finished"]), stopped: z.int() });
export type RolloverResult = z.infer<typeof RolloverResult>;

export const CertificatesAnswer = z.object({
  host: HostStatus,
  clients: ClientStatus,
  problems: z.array(Failure.extend({ since: instant })),
});
export type CertificatesAnswer = z.infer<typeof CertificatesAnswer>;
