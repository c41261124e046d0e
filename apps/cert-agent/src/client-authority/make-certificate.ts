import { CONFIG, CONFIG_TEXT } from "./openssl-config.ts";
import { opensslTime, withOpenssl, type OpensslDeps, type Workplace } from "./openssl.ts";

/** What a certificate says; `subject` as `subjectOf` makes it. */
export interface CertificatePlan {
  subject: string;
  serial: string;
  notBefore: Date;
  notAfter: Date;
}

/**
 * P-256 with SHA-256 is what everything that speaks TLS 1.2 verifies: Windows since Vista, Java since 7, every iOS. P-384 and
 * Ed25519 are not, and nothing here outlasts P-256.
 */
const AUTHORITY_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"];

/**
 * RSA is what imports everywhere: the Keychain of older macOS and smart card and CSP key stores of Windows take no EC key from
 * a PKCS#12 file. 2048 bits are enough for a key that is replaced within days or months.
 */
const CLIENT_KEY = ["-newkey", "rsa:2048"];

/** A new authority: its key (PKCS#8, not encrypted) and its self-signed certificate. */
export function makeAuthority(
  plan: CertificatePlan,
  deps: OpensslDeps,
  signal: AbortSignal,
): Promise<{ keyPem: string; certificatePem: string }> {
  return withOpenssl(deps, signal, async (place) => {
    await request(place, AUTHORITY_KEY, plan);
    await sign(place, plan, ["-selfsign", "-keyfile", "key.pem", "-extensions", "authority"]);
    const [keyPem, certificatePem] = [await place.read("key.pem"), await place.read("certificate.pem")];
    return { keyPem: keyPem.toString("ascii"), certificatePem: certificatePem.toString("ascii") };
  });
}

export interface PackOptions {
  /** What the store of the client shows. */
  friendlyName: string;
  /** For systems that know only the older encryption. */
  compat: boolean;
  password: string;
}

/** A new key and its certificate, packed as PKCS#12 with that of the authority. The key is nowhere else. */
export function makeClientPackage(
  plan: CertificatePlan,
  authority: { certificatePem: string; keyFile: string },
  options: PackOptions,
  deps: OpensslDeps,
  signal: AbortSignal,
): Promise<{ certificatePem: string; pkcs12: Buffer }> {
  return withOpenssl(deps, signal, async (place) => {
    await place.write("ca.pem", authority.certificatePem);
    await request(place, CLIENT_KEY, plan);
    await sign(place, plan, ["-cert", "ca.pem", "-keyfile", authority.keyFile, "-extensions", "client"]);
    await pack(place, options);
    const [certificatePem, pkcs12] = [await place.read("certificate.pem"), await place.read("package.p12")];
    return { certificatePem: certificatePem.toString("ascii"), pkcs12 };
  });
}

async function request({ openssl, write }: Workplace, key: readonly string[], { subject }: CertificatePlan) {
  await write(CONFIG, CONFIG_TEXT);
  const out = ["-nodes", "-keyout", "key.pem", "-out", "request.pem"];
  await openssl(["req", "-new", "-config", CONFIG, ...key, ...out, "-utf8", "-subj", subject]);
}

async function sign({ openssl, write }: Workplace, plan: CertificatePlan, signer: readonly string[]) {
  await write("index.txt", "");
  await write("serial", `${plan.serial}\n`);
  const dates = ["-startdate", opensslTime(plan.notBefore), "-enddate", opensslTime(plan.notAfter)];
  const files = ["-in", "request.pem", "-out", "certificate.pem"];
  await openssl(["ca", "-batch", "-notext", "-utf8", "-config", CONFIG, ...signer, ...dates, ...files]);
}

/**
 * The password carries the strength, so the iterations need not: 100 000 open at once everywhere, and Windows refuses a
 * million.
 */
const MODERN = ["-keypbe", "AES-256-CBC", "-certpbe", "AES-256-CBC", "-macalg", "sha256", "-iter", "100000"];

/** All of it is in openssl's default provider, unlike RC2, so the legacy provider is not needed. */
const COMPATIBLE = ["-keypbe", "PBE-SHA1-3DES", "-certpbe", "PBE-SHA1-3DES", "-macalg", "sha1", "-iter", "2048"];

/** Packs, and opens the package again. */
async function pack({ openssl }: Workplace, { friendlyName, compat, password }: PackOptions) {
  const secret = { input: `${password}\n`, secrets: [password] };
  const content = ["-in", "certificate.pem", "-inkey", "key.pem", "-certfile", "ca.pem", "-name", friendlyName];
  const encryption = compat ? COMPATIBLE : MODERN;
  await openssl(["pkcs12", "-export", ...content, ...encryption, "-passout", "stdin", "-out", "package.p12"], secret);
  await openssl(["pkcs12", "-in", "package.p12", "-noout", "-passin", "stdin"], secret);
}
