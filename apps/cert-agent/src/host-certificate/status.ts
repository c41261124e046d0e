import type { X509Certificate } from "node:crypto";
import { CertificateSource } from "@appliance/jobs";
import * as z from "zod";
import type { KeyedCertificate } from "../certificate.ts";
import { namesOf, type Clock } from "./key-pair.ts";
import { planNames, whyNotObtained, type Wanted } from "./plan-names.ts";
import { planRenewal, whenDue } from "./plan-renewal.ts";
import type { Choice } from "./plan-served.ts";
import type { KnownFacts } from "./renewal-facts.ts";

const instant = z.iso.datetime();
const failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

/** A certificate as people are shown it. */
export const CertificateView = z.object({
  source: CertificateSource,
  /** Where it lies: `env.yml`, or a path below the folder of certificates. */
  place: z.string(),
  names: z.array(z.string()),
  issuer: z.string(),
  /** Hexadecimal, upper case. */
  serial: z.string(),
  validFrom: instant,
  validUntil: instant,
});
export type CertificateView = z.infer<typeof CertificateView>;

/** All that is known of the certificate of this host, without a secret. */
export const HostCertificateStatus = z.object({
  /** Null before the first one was served. */
  served: CertificateView.nullable(),
  /** Those that may not be served, each with the end of the sentence "it is passed over: …". */
  passedOver: z.array(z.object({ place: z.string(), reason: z.string() })),
  /** What is wrong with the certificate of env.yml. */
  problem: failure.nullable(),
  /** False while certificates are not judged by the clock of this host, because it is known to be wrong. */
  clockTrusted: z.boolean(),
  /** Null where none is asked for; `notObtained` then says why. */
  renewal: z
    .object({
      directoryUrl: z.string(),
      names: z.array(z.string()),
      notAsked: z.array(z.object({ name: z.string(), reason: z.string() })),
      /** Names that the certificate has to go without until the authority can validate them. */
      leftOut: z.array(z.string()),
      /** When the certificate is due; null while there is none. */
      dueAt: instant.nullable(),
      next: z.object({ at: instant, reason: z.string() }),
      /** The authority's suggestion. */
      window: z.object({ start: instant, end: instant, explanationUrl: z.string().nullable() }).nullable(),
      failures: z.int(),
      attempts: z.object({ succeeded: z.int(), failed: z.int() }),
      lastError: failure.extend({ at: instant }).nullable(),
      /** Why single names could not be validated. */
      nameFailures: z.array(z.object({ name: z.string(), type: z.string(), detail: z.string(), at: instant })),
      /** What came of the way through DNS, which never keeps from asking. */
      dns: z.array(z.object({ name: z.string(), verdict: z.string(), detail: z.string(), at: instant })),
    })
    .nullable(),
  notObtained: z.string().nullable(),
});
export type HostCertificateStatus = z.infer<typeof HostCertificateStatus>;

export function viewOf({ leaf, source }: Pick<KeyedCertificate, "leaf" | "source">, place: string): CertificateView {
  return {
    source,
    place,
    names: namesOf(leaf),
    issuer: issuerOf(leaf),
    serial: leaf.serialNumber.toUpperCase(),
    validFrom: leaf.validFromDate.toISOString(),
    validUntil: leaf.validToDate.toISOString(),
  };
}

const LONGEST_ISSUER = 200;

/** One line, whatever the certificate says. */
function issuerOf({ issuer }: X509Certificate): string {
  return issuer
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ", ")
    .trim()
    .slice(0, LONGEST_ISSUER);
}

/** Pure. @param facts undefined where no certificate is asked for */
export function planStatus(
  wanted: Wanted,
  {
    served,
    choice,
    facts,
    clock,
  }: { served: CertificateView | null; choice: Choice; facts: KnownFacts | undefined; clock: Clock },
): HostCertificateStatus {
  return {
    served,
    passedOver: choice.passedOver,
    problem: choice.problem ?? null,
    clockTrusted: clock.trusted,
    renewal: facts === undefined ? null : renewalStatus(wanted, facts, clock.now),
    notObtained: whyNotObtained(wanted) ?? null,
  };
}

function renewalStatus(wanted: Wanted, facts: KnownFacts, now: Date): HostCertificateStatus["renewal"] {
  const { names, directoryUrl, present, state } = facts;
  const step = planRenewal({ ...facts, asked: "by nobody" }, now);
  const next = step.action === "wait" ? step : { until: now, reason: "it is due" };
  const { suggestion, lastError } = state;
  const window = suggestion?.serial === present?.leaf.serialNumber ? suggestion?.window : null;
  return {
    directoryUrl,
    names,
    notAsked: planNames(wanted).notAsked,
    leftOut: state.leftOut.names,
    dueAt: present ? whenDue(present, suggestion).toISOString() : null,
    next: { at: next.until.toISOString(), reason: next.reason },
    window: window ? { ...window, start: window.start.toISOString(), end: window.end.toISOString() } : null,
    failures: state.retry.failures,
    attempts: state.attempts,
    lastError: lastError && { ...lastError, at: lastError.at.toISOString() },
    nameFailures: state.names.map((one) => ({ ...one, at: one.at.toISOString() })),
    dns: state.dns.map((one) => ({ ...one, at: one.at.toISOString() })),
  };
}
