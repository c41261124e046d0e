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

export type Authority = Awaited<ReturnType<typeof clientAuthority>>;

const LONG_AGO = { from: "20200101000000Z", until: "20200102000000Z" };

/** A CA for client certificates with its revocation list, signed by itself or by an authority above it. */
export async function clientAuthority(name = "Test CA", above?: { folder: string }) {
  const folder = mkdtempSync(join(tmpdir(), "client-authority-"));
  writeFileSync(join(folder, "index.txt"), "");
  writeFileSync(join(folder, "serial"), "1000\n");
  writeFileSync(join(folder, "crlnumber"), "01\n");
  writeFileSync(join(folder, "ca.conf"), CA_CONFIGURATION);
  const signer = above ? ["-CA", join(above.folder, "ca.crt"), "-CAkey", join(above.folder, "ca.key")] : [];
  const subject = ["-subj", `/CN=${name}`, "-days", "2"];
  await openssl(folder, "req", "-x509", ...P256, ...subject, ...signer, "-keyout", "ca.key", "-out", "ca.crt");
  const ca = (...args: string[]) => openssl(folder, "ca", "-config", "ca.conf", "-batch", ...args);
  const certificate = read(folder, "ca.crt");

  const revocationList = async ({ expired = false } = {}) => {
    const validity = expired ? ["-crl_lastupdate", LONG_AGO.from, "-crl_nextupdate", LONG_AGO.until] : [];
    await ca("-gencrl", ...validity, "-out", "crl.pem");
    return read(folder, "crl.pem");
  };
  return {
    folder,
    certificate,
    revocationList,
    /** The CA and its present revocation list, as files of a tls generation. */
    files: async () => ({ "client-ca.crt": certificate, "client.crl": await revocationList() }),
    async issue(subjectName: string, { expired = false } = {}) {
      const [key, csr, crt] = ["key", "csr", "crt"].map((ending) => `${subjectName}.${ending}`) as [
        string,
        string,
        string,
      ];
      const validity = expired ? ["-startdate", LONG_AGO.from, "-enddate", LONG_AGO.until] : [];
      await openssl(folder, "req", ...P256, "-subj", `/CN=${subjectName}`, "-keyout", key, "-out", csr);
      await ca("-in", csr, ...validity, "-out", crt, "-notext");
      return { cert: read(folder, crt), key: read(folder, key) };
    },
    revoke: (subjectName: string) => ca("-revoke", `${subjectName}.crt`),
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
