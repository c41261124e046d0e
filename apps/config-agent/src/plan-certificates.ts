import type { Container } from "@appliance/jobs";
import { step, type PlannedStep } from "./capability.ts";

export interface CertificatesWanted {
  domain: string;
  /** With the tag of this version. */
  image: string;
  /** Digest of what cert-agent is told of env.yml. */
  told: string;
}

export interface CertificatesObserved {
  container: Pick<Container, "state" | "health" | "image"> | undefined;
  /** The digest of what it was told when it was asked last and did what it was asked for. */
  asked: string | undefined;
  /** Whether nginx has a certificate for the domain. */
  isServed: boolean;
}

export interface CertificatesStep extends PlannedStep {
  /** How its container comes up: with none of them it runs already. */
  recreate: "changed" | "always" | null;
  ask: boolean;
}

/**
 * cert-agent at work, and the best certificate that there is in service for what env.yml says now. Renewals and what an authority
 * gives later need no apply: that is cert-agent's own. Pure.
 */
export function planCertificates(wanted: CertificatesWanted, observed: CertificatesObserved): CertificatesStep[] {
  const recreate = planContainer(wanted, observed);
  const ask = observed.asked !== wanted.told || !observed.isServed;
  if (recreate === null && !ask) return [];
  const restarts = recreate === null || observed.container?.state !== "running" ? [] : ["cert-agent"];
  return [step({ capability: "certificates", summary: summarize(recreate, ask, wanted), restarts, recreate, ask })];
}

function planContainer(
  { image }: CertificatesWanted,
  { container }: CertificatesObserved,
): "changed" | "always" | null {
  if (container?.state !== "running") return "changed";
  return container.image === image && container.health !== "unhealthy" ? null : "always";
}

function summarize(recreate: CertificatesStep["recreate"], ask: boolean, { domain }: CertificatesWanted): string {
  const start = { changed: "Start cert-agent", always: "Replace cert-agent with a fresh one" };
  const serve = `et a certificate for ${domain} be served`;
  if (recreate === null) return `L${serve}`;
  return ask ? `${start[recreate]} and l${serve}` : start[recreate];
}
