import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { isPublicName } from "@appliance/env";
import type { CertAgentSlice } from "../slice.ts";

/** What of env.yml decides about the host's certificate. */
export type Wanted = Pick<CertAgentSlice, "domain" | "allowedHosts" | "given" | "acme">;

export interface PlannedNames {
  domain: string;
  /** All names of the host, the domain first; what a self-signed certificate holds. */
  all: string[];
  /** Those that an authority is asked for, the domain first where it is one of them. */
  asked: string[];
  notAsked: { name: string; reason: string }[];
}

/** Names that mean this machine itself, whoever asks. */
const OWN_MACHINE = /^(?:.+\.)?localhost$/;
/** What may stand in a certificate's name and in an argument of openssl. */
const HOST_NAME =
  /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

/**
 * Which names a certificate is wanted for, and for which of them an authority is asked. Pure.
 *
 * With a `ca` of its own the authority is a company's or a test's, which certifies names that mean nothing to the world: only addresses
 * and localhost are then left out.
 */
export function planNames({ domain, allowedHosts, acme }: Wanted): PlannedNames {
  const all = [...new Set([domain, ...allowedHosts].map(toName))].filter((name) => name !== "");
  const judged = all.map((name) => ({ name, reason: whyNotAsked(name, acme?.ca != null) }));
  return {
    domain: toName(domain),
    all,
    asked: judged.filter(({ reason }) => reason === undefined).map(({ name }) => name),
    notAsked: judged.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }])),
  };
}

/** Why no certificate of this host is asked for; undefined when one is. */
export function whyNotObtained(wanted: Wanted): string | undefined {
  if (wanted.given !== null) return "env.yml has the certificate of this host";
  if (wanted.acme === null) return "env.yml says that none is asked for";
  const { domain, notAsked } = planNames(wanted);
  const refused = notAsked.find(({ name }) => name === domain);
  return refused && `${domain} ${refused.reason}`;
}

export const isAddress = (name: string): boolean => isIP(name) !== 0;

export const isHostName = (name: string): boolean => HOST_NAME.test(name);

function toName(text: string): string {
  const plain = text.trim().toLowerCase().replace(/\.$/, "");
  return isAddress(plain) ? plain : domainToASCII(plain) || plain;
}

function whyNotAsked(name: string, hasOwnAuthority: boolean): string | undefined {
  if (isAddress(name)) return "is an address";
  if (!isHostName(name)) return "is no host name";
  if (OWN_MACHINE.test(name)) return "is this machine's own name for itself";
  if (hasOwnAuthority) return undefined;
  if (!name.includes(".")) return "is a single word, which no public authority certifies";
  return isPublicName(name) ? undefined : "is no public name";
}
