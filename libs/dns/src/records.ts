import { createPublicKey } from "node:crypto";

/** What a record is for; the words of `appliance dns --check`. */
export type Purpose = "address" | "mail" | "spf" | "dkim" | "dmarc" | "reverse";

export interface DnsRecord {
  purpose: Purpose;
  /** The owner, whole, in ASCII and without the dot at its end. */
  name: string;
  type: "A" | "MX" | "TXT" | "PTR";
  /** As a zone file has it, names with a dot at the end; of TXT the text in one piece and without quotes. */
  value: string;
}

export interface DnsSettings {
  /** The name of the appliance in ASCII, `whatever.example` or `sub.whatever.example`. */
  domain: string;
  /** PEM of the key that signs outgoing mail. Without one of the two there is no DKIM record. */
  dkimPrivateKey?: string | undefined;
  /** PEM of its public half, where the private one is not at hand. */
  dkimPublicKey?: string | undefined;
  /** The public IPv4 address; `ADDRESS` stands in its place while it is not known. */
  address?: string | undefined;
}

/** Stands where the address belongs; no name server takes it for one. */
export const ADDRESS = "ADDRESS";

/** The name of the key, as the manual has it. */
const DKIM_SELECTOR = "default";

/**
 * `a` and `mx` are this very host. The manual's `ptr` is left out: RFC 7208 section 5.5 wants it used no more, and receivers
 * that skip it would see one thing less than promised. `~all`, since a receiver that refuses at `-all` never sees the signature.
 */
const SPF = "v=spf1 a mx ~all";

/**
 * All mail of the domain comes from this host, signed; so what fails is forged or was changed on its way. `quarantine` keeps
 * the latter, from a mailing list for example, within the reader's reach, where `reject` would lose it (RFC 9989 section 7.4)
 * and `none` would protect nobody. `sp=none`, since other sub domains of a main domain may have mail servers of their own.
 */
const DMARC = "v=DMARC1; p=quarantine; sp=none";

/**
 * The records that web and mail of an appliance need, in the order of the manual, 1.1.
 * @throws Error when a key is no PEM; env.yml's own checks come first
 */
export function dnsRecords({ domain, address = ADDRESS, ...keys }: DnsSettings): DnsRecord[] {
  const key = keys.dkimPrivateKey ?? keys.dkimPublicKey;
  return [
    { purpose: "address", name: domain, type: "A", value: address },
    { purpose: "mail", name: domain, type: "MX", value: `10 ${domain}.` },
    { purpose: "spf", name: domain, type: "TXT", value: SPF },
    ...(key === undefined ? [] : [dkimRecord(domain, key)]),
    { purpose: "dmarc", name: `_dmarc.${domain}`, type: "TXT", value: DMARC },
    { purpose: "reverse", name: reverseName(address), type: "PTR", value: `${domain}.` },
  ];
}

function dkimRecord(domain: string, pem: string): DnsRecord {
  const key = createPublicKey(pem).export({ type: "spki", format: "der" }).toString("base64");
  const value = `v=DKIM1; k=rsa; s=email; p=${key}`;
  return { purpose: "dkim", name: `${DKIM_SELECTOR}._domainkey.${domain}`, type: "TXT", value };
}

/** `4.3.2.1.in-addr.arpa` of 1.2.3.4. */
export function reverseName(address: string): string {
  const reversed = address === ADDRESS ? `${ADDRESS}-REVERSED` : address.split(".").toReversed().join(".");
  return `${reversed}.in-addr.arpa`;
}
