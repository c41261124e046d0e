import { X509Certificate } from "node:crypto";
import type { AccountContext } from "./account-context.ts";
import { AcmeError, unreadable } from "./acme-error.ts";
import type { HttpAnswer } from "./exchange.ts";
import { undelivered, type Order } from "./order.ts";

export interface CertificateChain {
  /** The certificate first, then each one's issuer, without the root. */
  pem: string;
  certificates: readonly [X509Certificate, ...X509Certificate[]];
  /** Common name of the issuer of the last one: the root that a client must know. */
  issuer: string;
}

const PEM_BLOCK = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;
const LONGEST_CHAIN = 10;
const MOST_ALTERNATES = 8;

/**
 * Downloads the certificate of a valid order; with `preferredIssuer`, the first chain that ends below that issuer.
 * @throws OperatorError `ACME_ORDER_FAILED`, `ACME_ORDER_STUCK` of an order without certificate, `ACME_CHAIN_BROKEN`
 */
export async function fetchChain(
  { send }: AccountContext,
  order: Order,
  preferredIssuer: string | undefined,
  signal: AbortSignal,
): Promise<CertificateChain> {
  const { certificate: url } = order;
  if (url === undefined) throw undelivered(order);
  const read = (answer: HttpAnswer) => ({ chain: readChain(answer), alternates: alternatesOf(answer) });
  const download = (from: string) =>
    send({ url: from, payload: "", accept: "application/pem-certificate-chain", read, signal });
  const { chain: usual, alternates } = await download(url);
  if (preferredIssuer === undefined || usual.issuer === preferredIssuer) return usual;
  for (const alternate of alternates) {
    const { chain } = await download(alternate);
    if (chain.issuer === preferredIssuer) return chain;
  }
  return usual;
}

function readChain({ body, url }: HttpAnswer): CertificateChain {
  const blocks = body.toString("latin1").match(PEM_BLOCK) ?? [];
  const [leaf, ...issuers] = blocks.slice(0, LONGEST_CHAIN).map((block) => readCertificate(block, url));
  if (leaf === undefined) throw unreadable(url, "it has no certificate");
  const certificates = [leaf, ...issuers] as const;
  checkLinks(certificates, url);
  const last = certificates.at(-1) ?? leaf;
  return {
    pem: certificates.map((certificate) => certificate.toString()).join(""),
    certificates,
    issuer: issuerName(last),
  };
}

function readCertificate(pem: string, url: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch {
    throw unreadable(url, "a certificate in it cannot be read");
  }
}

/** Each must have been signed by the next one. */
function checkLinks(certificates: readonly X509Certificate[], url: string): void {
  for (const [place, certificate] of certificates.entries()) {
    const issuer = certificates[place + 1];
    if (issuer === undefined || (certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey))) continue;
    throw new AcmeError(
      "ACME_CHAIN_BROKEN",
      `Certificate ${place + 1} of the chain from ${url} was not made by the one after it.`,
      {
        remedy:
          "Nothing needs to be done: the present certificate stays, and it is tried again. If it stays, tell the authority.",
      },
    );
  }
}

/** The common name, or the whole name of an issuer that has none. */
function issuerName({ issuer }: X509Certificate): string {
  return /^CN=(.*)$/m.exec(issuer)?.[1] ?? issuer;
}

/** RFC 8555 section 7.4.2: other chains of the same certificate. */
function alternatesOf({ headers, url }: HttpAnswer): string[] {
  const links = [headers["link"] ?? ""].flat().join(",");
  return [...links.matchAll(/<([^<>]+)>([^<]*)/g)]
    .filter(([, , parameters = ""]) => /;\s*rel="?alternate"?/i.test(parameters))
    .flatMap(([, target = ""]) => (URL.canParse(target, url) ? [new URL(target, url).href] : []))
    .slice(0, MOST_ALTERNATES);
}
