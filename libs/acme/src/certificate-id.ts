import { AcmeError } from "./acme-error.ts";

const SEQUENCE = 0x30;
const OBJECT_IDENTIFIER = 0x06;
const OCTET_STRING = 0x04;
/** [3] of TBSCertificate: its extensions. */
const EXTENSIONS = 0xa3;
/** [0] of AuthorityKeyIdentifier: the key identifier. */
const KEY_IDENTIFIER = 0x80;
/** 2.5.29.35 */
const AUTHORITY_KEY_IDENTIFIER = "551d23";

interface Element {
  tag: number;
  content: Buffer;
}

/** What is needed of an `X509Certificate`. */
interface SignedCertificate {
  /** DER */
  raw: Buffer;
  /** Hexadecimal. */
  serialNumber: string;
}

/**
 * The name of a certificate in renewal information and in `replaces`: the identifier of the key that signed it and its serial.
 * Node shows every part of a certificate but this extension, which is why its DER is walked here and nowhere else.
 * @throws OperatorError `ACME_CERTIFICATE_NAMELESS` when the certificate does not say which key signed it
 * @see RFC 9773 section 4.1
 */
export function certificateId(certificate: SignedCertificate): string {
  const keyIdentifier = authorityKeyIdentifier(certificate.raw);
  if (keyIdentifier === undefined)
    throw new AcmeError("ACME_CERTIFICATE_NAMELESS", "The certificate does not name the key that signed it.", {
      remedy: "Nothing needs to be done: it is renewed by its date.",
    });
  return `${keyIdentifier.toString("base64url")}.${serialBytes(certificate.serialNumber).toString("base64url")}`;
}

/** As in DER: a leading zero keeps a number with its highest bit set from being negative. */
function serialBytes(hex: string): Buffer {
  const bytes = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  return (bytes[0] ?? 0) < 0x80 ? bytes : Buffer.concat([Buffer.of(0), bytes]);
}

function authorityKeyIdentifier(der: Buffer): Buffer | undefined {
  const certificate = within(der, SEQUENCE);
  const body = within(certificate, SEQUENCE);
  const extensions = elements(within(within(body, EXTENSIONS), SEQUENCE)).map(({ content }) => elements(content));
  const found = extensions.find(([oid]) => isAuthorityKeyIdentifier(oid))?.find(({ tag }) => tag === OCTET_STRING);
  return found && elements(within(found.content, SEQUENCE)).find(({ tag }) => tag === KEY_IDENTIFIER)?.content;
}

const isAuthorityKeyIdentifier = (oid: Element | undefined) =>
  oid?.tag === OBJECT_IDENTIFIER && oid.content.toString("hex") === AUTHORITY_KEY_IDENTIFIER;

/** The content of the first element with this tag; empty when there is none, so that nothing is found in it. */
function within(der: Buffer, tag: number): Buffer {
  return elements(der).find((element) => element.tag === tag)?.content ?? Buffer.alloc(0);
}

/** The elements that follow each other in `der`; ends at the first one that is cut off. */
function elements(der: Buffer): Element[] {
  const found: Element[] = [];
  let rest = der;
  while (rest.length >= 2) {
    const [tag = 0, first = 0] = rest;
    const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
    if (lengthBytes > 4 || rest.length < 2 + lengthBytes) break;
    const length = lengthBytes === 0 ? first & 0x7f : rest.readUIntBE(2, lengthBytes);
    const end = 2 + lengthBytes + length;
    if (rest.length < end) break;
    found.push({ tag, content: rest.subarray(2 + lengthBytes, end) });
    rest = rest.subarray(end);
  }
  return found;
}
