import { OperatorError, toFailure, type Failure } from "@appliance/errors";
import type { KeyedCertificate } from "../certificate.ts";
import { lifetimeMs } from "./plan-renewal.ts";
import { whyUnfit, type Clock, type KeyPair, type Unfit } from "./key-pair.ts";

/** A certificate that lies somewhere. */
export interface Candidate {
  /** Where, as an operator knows it: `env.yml`, or a path below the folder of certificates. */
  place: string;
  source: KeyedCertificate["source"];
  pair: KeyPair | Unfit;
  /** When it was obtained; of one that was not obtained here, when it began. */
  since: Date;
  /** False while it was never seen in service. */
  proven: boolean;
  /** Why it was not taken into service when that was last tried; `renew` tries again. */
  refused: string | null;
}

export interface Choice {
  /** Undefined when none is fit: a self-signed one is then served. */
  chosen: { certificate: KeyedCertificate; place: string } | undefined;
  passedOver: { place: string; reason: string }[];
  /** What is wrong with the certificate of env.yml, or will be soon, which has to be mended by a person. */
  problem: Failure | undefined;
}

/**
 * What is served: what env.yml gives, else the newest valid one on disk. One that was not proven in service yet comes last, because
 * `renew` offers it first. Pure.
 */
export function planServed(candidates: readonly Candidate[], domain: string, clock: Clock): Choice {
  const judged = candidates.map((candidate) => ({ ...candidate, reason: reasonAgainst(candidate, domain, clock) }));
  const [best] = judged.flatMap(toFit).sort(byPreference);
  const unfit = judged.flatMap(({ place, reason }) => (reason === undefined ? [] : [{ place, reason }]));
  const given = judged.find(({ source }) => source === "env.yml");
  return {
    chosen: best && { certificate: best.certificate, place: best.place },
    passedOver: unfit,
    problem: given && problemOf(given, clock),
  };
}

function reasonAgainst({ pair, refused }: Candidate, domain: string, clock: Clock): string | undefined {
  if ("unfit" in pair) return pair.unfit;
  return (
    whyUnfit(pair.leaf, domain, clock) ?? (refused === null ? undefined : `it was not taken into service: ${refused}`)
  );
}

function toFit({ pair, reason, source, ...candidate }: Candidate & { reason: string | undefined }) {
  return reason !== undefined || "unfit" in pair ? [] : [{ ...candidate, certificate: { ...pair, source } }];
}

type Fit = ReturnType<typeof toFit>[number];

function byPreference(one: Fit, other: Fit): number {
  return rank(one) - rank(other) || other.since.getTime() - one.since.getTime();
}

function rank({ certificate, proven }: Fit): number {
  if (certificate.source === "env.yml") return 0;
  return proven ? 1 : 2;
}

function problemOf({ pair, reason }: Candidate & { reason: string | undefined }, clock: Clock): Failure | undefined {
  if (reason !== undefined) return givenUnfit(reason);
  return "unfit" in pair || !endsSoon(pair, clock) ? undefined : givenEnds(pair);
}

/** Nobody but a person renews it: a month of one that lives a year, a week of one that lives three months. */
const LAST_PART = 1 / 12;

function endsSoon({ leaf }: KeyPair, { now, trusted }: Clock): boolean {
  return trusted && leaf.validToDate.getTime() - now.getTime() < lifetimeMs(leaf) * LAST_PART;
}

const givenUnfit = (reason: string): Failure =>
  toFailure(
    new OperatorError("CERTIFICATE_GIVEN_UNFIT", `The certificate of env.yml is not served: ${reason}.`, {
      remedy:
        "Correct appliance:ssl:key and appliance:ssl:cert in env.yml, or remove both, then run `appliance apply`.",
    }),
  );

const givenEnds = ({ leaf }: KeyPair): Failure =>
  toFailure(
    new OperatorError(
      "CERTIFICATE_GIVEN_ENDS",
      `The certificate of env.yml ends at ${leaf.validToDate.toISOString()}, and is not renewed by itself.`,
      { remedy: "Put a new one in its place (appliance:ssl:key and appliance:ssl:cert), then run `appliance apply`." },
    ),
  );
