import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A certificate signing request in DER for these names, with a new key in PEM; both by openssl. */
export async function createCsr(names: readonly string[]): Promise<{ csr: Buffer; key: string }> {
  const folder = await mkdtemp(join(tmpdir(), "csr-"));
  const [csr, key] = [join(folder, "csr.der"), join(folder, "key.pem")];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const subject = ["-subj", "/", "-addext", `subjectAltName=${names.map((name) => `DNS:${name}`).join()}`];
  try {
    await run("openssl", ["req", "-new", ...curve, ...subject, "-keyout", key, "-outform", "DER", "-out", csr]);
    return { csr: await readFile(csr), key: await readFile(key, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
