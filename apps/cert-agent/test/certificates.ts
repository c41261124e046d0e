import { execFileSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { KeyedCertificate } from "../src/certificate.ts";

const P256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A self-signed certificate for `name`, a new one with each call. */
export function serverCertificate(name: string): KeyedCertificate {
  const folder = mkdtempSync(join(tmpdir(), "cert-agent-server-"));
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`, "-days", "2"];
  openssl(folder, "req", "-x509", ...P256, ...subject, "-keyout", "key.pem", "-out", "chain.pem");
  const [keyPem, chainPem] = [read(folder, "key.pem"), read(folder, "chain.pem")];
  return { keyPem, chainPem, leaf: new X509Certificate(chainPem), source: "disk" };
}

/** An authority of client certificates as an application would have it. */
export function clientAuthority(name = "Application CA") {
  const folder = mkdtempSync(join(tmpdir(), "cert-agent-ca-"));
  for (const [file, text] of Object.entries({
    "index.txt": "",
    serial: "1000\n",
    crlnumber: "01\n",
    "ca.conf": CONFIG,
  }))
    writeFileSync(join(folder, file), text);
  openssl(folder, "req", "-x509", ...P256, "-subj", `/CN=${name}`, "-days", "2", "-keyout", "ca.key", "-out", "ca.crt");
  const ca = (...args: string[]) => openssl(folder, "ca", "-config", "ca.conf", "-batch", ...args);
  return {
    /** Its certificate and a fresh revocation list, valid so many days. */
    bundle(days = 2) {
      ca("-gencrl", "-crldays", String(days), "-out", "crl.pem");
      return { caPem: read(folder, "ca.crt"), crlPem: read(folder, "crl.pem") };
    },
    issue(cn: string): { cert: string; key: string } {
      openssl(folder, "req", ...P256, "-subj", `/CN=${cn}`, "-keyout", `${cn}.key`, "-out", `${cn}.csr`);
      ca("-in", `${cn}.csr`, "-out", `${cn}.crt`, "-notext");
      return { cert: read(folder, `${cn}.crt`), key: read(folder, `${cn}.key`) };
    },
    revoke: (cn: string) => ca("-revoke", `${cn}.crt`),
  };
}

const openssl = (cwd: string, ...args: string[]) => void execFileSync("openssl", args, { cwd, stdio: "pipe" });
const read = (folder: string, file: string) => readFileSync(join(folder, file), "utf8");

const CONFIG = `
[ca]
default_ca = here
[here]
database = index.txt
serial = serial
crlnumber = crlnumber
new_certs_dir = .
certificate = ca.crt
private_key = ca.key
default_md = sha256
default_days = 2
default_crl_days = 2
policy = any
[any]
commonName = supplied
`;
