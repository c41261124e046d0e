import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../lab/index.ts";

/** Key and certificate as PEM. */
export interface Keyed {
  key: string;
  cert: string;
}

const P256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A self-signed certificate with this serial number and a key of its own. `folder` takes the work files. */
export async function selfSigned(folder: string, serial: number): Promise<Keyed> {
  const [key, cert] = [join(folder, `${serial}.key`), join(folder, `${serial}.crt`)];
  const subject = ["-subj", "/CN=bench.test", "-days", "2", "-set_serial", String(serial)];
  await run("openssl", ["req", "-x509", ...P256, ...subject, "-keyout", key, "-out", cert]);
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

/** The certificate of an authority, and one that it issued for a host, with what a public authority's have. */
export async function issuedFor(folder: string, host: string): Promise<{ authority: string; server: Keyed }> {
  const at = (name: string) => join(folder, name);
  const authority = ["-subj", "/CN=Bench CA", "-days", "3650", "-keyout", at("ca.key"), "-out", at("ca.crt")];
  await run("openssl", ["req", "-x509", ...P256, ...authority]);
  const extensions = [
    `subjectAltName=DNS:${host}`,
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    "extendedKeyUsage=serverAuth",
    "crlDistributionPoints=URI:http://crl.example.org/1.crl",
  ].flatMap((extension) => ["-addext", extension]);
  const issuer = ["-CA", at("ca.crt"), "-CAkey", at("ca.key"), "-subj", `/CN=${host}`, "-days", "90"];
  const files = ["-keyout", at("server.key"), "-out", at("server.crt")];
  await run("openssl", ["req", "-x509", ...P256, ...issuer, ...extensions, ...files]);
  const read = (name: string) => readFileSync(at(name), "utf8");
  return { authority: read("ca.crt"), server: { key: read("server.key"), cert: read("server.crt") } };
}

/** An authority of client certificates. */
export interface ClientAuthority {
  issue(name: string): Promise<Keyed>;
  revoke(name: string): Promise<void>;
  /** The authority and its present list, as files of a tls generation. */
  files(): Promise<Record<string, string>>;
}

const FIRST_SERIAL = 0x100000;

/** One that has revoked this many already. `folder` takes what it needs. */
export async function clientAuthority(folder: string, revoked: number): Promise<ClientAuthority> {
  mkdirSync(folder);
  const at = (name: string) => join(folder, name);
  const read = (name: string) => readFileSync(at(name), "utf8");
  writeFileSync(at("ca.conf"), configuration(folder));
  writeFileSync(at("serial"), `${(FIRST_SERIAL + revoked).toString(16)}\n`);
  writeFileSync(at("crlnumber"), "01\n");
  writeFileSync(at("index.txt"), Array.from({ length: revoked }, (_, number) => revokedLine(number)).join(""));
  const subject = ["-subj", "/CN=Bench CA", "-days", "2"];
  await run("openssl", ["req", "-x509", ...P256, ...subject, "-keyout", at("ca.key"), "-out", at("ca.crt")]);
  const ca = (...args: string[]) => run("openssl", ["ca", "-config", at("ca.conf"), "-batch", ...args]);
  return {
    async issue(name) {
      const [key, csr, cert] = [at(`${name}.key`), at(`${name}.csr`), at(`${name}.crt`)];
      await run("openssl", ["req", ...P256, "-subj", `/CN=${name}`, "-keyout", key, "-out", csr]);
      await ca("-in", csr, "-out", cert, "-notext");
      return { key: read(`${name}.key`), cert: read(`${name}.crt`) };
    },
    async revoke(name) {
      await ca("-revoke", at(`${name}.crt`));
    },
    async files() {
      await ca("-gencrl", "-out", at("crl.pem"));
      return { "client-ca.crt": read("ca.crt"), "client.crl": read("crl.pem") };
    },
  };
}

/** A line of openssl's register: state, end of validity, revocation, serial, file, subject. */
function revokedLine(number: number): string {
  const serial = (FIRST_SERIAL + number).toString(16).toUpperCase();
  return `R\t491231235959Z\t260101000000Z\t${serial}\tunknown\t/CN=user ${number}\n`;
}

const configuration = (folder: string) => `
[ca]
default_ca = here
[here]
dir = ${folder}
database = $dir/index.txt
serial = $dir/serial
crlnumber = $dir/crlnumber
new_certs_dir = $dir
certificate = $dir/ca.crt
private_key = $dir/ca.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
[any]
commonName = supplied
`;
