import * as z from "zod";
import { defineJob } from "../contract.ts";
import { HOUR_MS, MINUTE_MS, requestedBy, runId } from "./shared.ts";

const certJob = { queue: "cert", owner: "cert-agent", senders: [], attempts: 1, http: true } as const;

/** Where the key and the certificate that are served come from. */
export const CertificateSource = z.enum(["env.yml", "acme", "disk", "self-signed"]);
export type CertificateSource = z.infer<typeof CertificateSource>;

/**
 * Serves the best certificate of the host that there is. With `obtain` it then asks the authority for a newer one where one is
 * due, and with `force` also where none is. That an authority gave none is no failure of the job: `obtained` says so.
 */
export const CertEnsure = defineJob({
  ...certJob,
  name: "cert.ensure",
  data: z.object({ requestedBy, obtain: z.boolean().default(false), force: z.boolean().default(false), runId }),
  result: z.object({
    served: z.object({
      source: CertificateSource,
      names: z.array(z.string()),
      /** Hexadecimal, upper case, as OpenSSL prints it. */
      serial: z.string(),
      validUntil: z.iso.datetime(),
    }),
    obtained: z.discriminatedUnion("outcome", [
      z.object({ outcome: z.literal("not asked for") }),
      /** Nothing to do now, and why: the certificate is young, or none can be had from an authority for this host. */
      z.object({ outcome: z.literal("not due"), reason: z.string() }),
      z.object({ outcome: z.literal("renewed") }),
      z.object({
        outcome: z.literal("failed"),
        code: z.string(),
        message: z.string(),
        remedy: z.string(),
        /** When it is tried again by itself. */
        retryAt: z.iso.datetime(),
      }),
    ]),
  }),
  senders: ["config-agent"],
  timeLimitMs: HOUR_MS,
});
export type CertEnsure = z.infer<typeof CertEnsure.data>;

/** A client certificate as the list shows it. */
export const ClientCertificate = z.object({
  serial: z.string(),
  email: z.string(),
  name: z.string(),
  issuedAt: z.iso.datetime(),
  validUntil: z.iso.datetime(),
  revokedAt: z.iso.datetime().nullable(),
  /** The authority that issued it, by the serial of its own certificate: there are two of them during a rollover. */
  authority: z.string(),
});
export type ClientCertificate = z.infer<typeof ClientCertificate>;

/**
 * Makes a key and a client certificate, packed as PKCS#12. File and transport password are no result: they wait in cert-agent's
 * memory at `GET /client-certificates/SERIAL/package`, which answers once.
 */
export const ClientIssue = defineJob({
  ...certJob,
  name: "client.issue",
  data: z.object({
    requestedBy,
    email: z.string().min(3).max(254),
    name: z.string().min(1).max(64),
    days: z.int().min(1).max(3650).default(7),
    /** Packs it with the older encryption that old systems read. */
    compat: z.boolean().default(false),
    runId,
  }),
  result: z.object({ certificate: ClientCertificate }),
  timeLimitMs: 2 * MINUTE_MS,
});
export type ClientIssue = z.infer<typeof ClientIssue.data>;

/** Revokes one client certificate by its serial, or every one of an e-mail address, and publishes the list. */
export const ClientRevoke = defineJob({
  ...certJob,
  name: "client.revoke",
  data: z.object({ requestedBy, which: z.string().min(1).max(254), runId }),
  result: z.object({ revoked: z.array(ClientCertificate) }),
  timeLimitMs: 5 * MINUTE_MS,
});
export type ClientRevoke = z.infer<typeof ClientRevoke.data>;

/** Makes a fresh revocation list and publishes it, or takes over the application's. */
export const CrlPublish = defineJob({
  ...certJob,
  name: "crl.publish",
  data: z.object({ requestedBy, runId }),
  result: z.object({ nextUpdate: z.iso.datetime(), revoked: z.int().min(0) }),
  timeLimitMs: 5 * MINUTE_MS,
});
export type CrlPublish = z.infer<typeof CrlPublish.data>;

/** Begins a change of the authority of client certificates (both are accepted), or ends it (only the new one is). */
export const CaRollover = defineJob({
  ...certJob,
  name: "ca.rollover",
  data: z.object({ requestedBy, finish: z.boolean().default(false), runId }),
  result: z.object({
    /** `under way`: begun before and not ended yet, so nothing was made. */
    outcome: z.enum(["begun", "under way", "finished"]),
    /** How many certificates of the old authority would still be valid. */
    stopped: z.int().min(0),
  }),
  timeLimitMs: 5 * MINUTE_MS,
});
export type CaRollover = z.infer<typeof CaRollover.data>;
