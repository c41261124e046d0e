import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";

const openssl = (cwd: string, ...args: string[]) => runCommand("openssl", args, { cwd, timeoutMs: 20_000 });
const P256 = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A self-signed certificate for `name` and its key, as the files of a tls generation. */
export async function serverCertificate(name: string): Promise<Record<string, string>> {
  const dir = mkdtempSync(join(tmpdir(), "server-certificate-"));
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  await openssl(dir, "req", "-x509", ...P256, ...subject, "-days", "2", "-keyout", "server.key", "-out", "server.crt");
  return filesOf(dir, "server.crt", "server.key");
}

/** A CA for client certificates with its revocation list. */
export async function clientAuthority() {
  const dir = mkdtempSync(join(tmpdir(), "client-authority-"));
  writeFileSync(join(dir, "index.txt"), "");
  writeFileSync(join(dir, "serial"), "1000\n");
  writeFileSync(join(dir, "crlnumber"), "01\n");
  writeFileSync(join(dir, "ca.conf"), CA_CONFIGURATION);
  await openssl(
    dir,
    "req",
    "-x509",
    ...P256,
    "-subj",
    "/CN=Test CA",
    "-days",
    "2",
    "-keyout",
    "ca.key",
    "-out",
    "ca.crt",
  );
  const ca = (...args: string[]) => openssl(dir, "ca", "-config", "ca.conf", "-batch", ...args);
  return {
    /** The CA and its present revocation list, as files of a tls generation. */
    async files() {
      await ca("-gencrl", "-out", "crl.pem");
      return { "client-ca.crt": read(dir, "ca.crt"), "client.crl": read(dir, "crl.pem") };
    },
    async issue(name: string) {
      await openssl(dir, "req", ...P256, "-subj", `/CN=${name}`, "-keyout", `${name}.key`, "-out", `${name}.csr`);
      await ca("-in", `${name}.csr`, "-out", `${name}.crt`, "-notext");
      return { cert: read(dir, `${name}.crt`), key: read(dir, `${name}.key`) };
    },
    revoke: (name: string) => ca("-revoke", `${name}.crt`),
  };
}

const CA_CONFIGURATION = `
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

const read = (dir: string, file: string) => readFileSync(join(dir, file), "utf8");
const filesOf = (dir: string, ...files: string[]) => Object.fromEntries(files.map((file) => [file, read(dir, file)]));
