import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";

/** A message as the server got it. */
export interface Received {
  from: string;
  to: string[];
  tls: boolean;
  content: string;
}

export interface TestMailServer {
  port: number;
  next: () => Promise<Received>;
  stop: () => Promise<void>;
}

/** A certificate of its own authority for `names`. @returns the paths of certificate and key */
export function makeCertificate(folder: string, name: string): { certificate: string; key: string } {
  const [certificate, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const options = ["-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate];
  execFileSync("openssl", ["req", ...options, ...subject], { stdio: "ignore" });
  return { certificate, key };
}

/** aiosmtpd with a mailbox for everybody; smtp_server.py says who is refused. */
export async function startMailServer(
  mode: "starttls" | "smtps" | "plain",
  { certificate, key }: { certificate: string; key: string },
): Promise<TestMailServer> {
  const script = join(import.meta.dirname, "smtp_server.py");
  // Debian's Python, which has the Debian package of aiosmtpd.
  const child = spawn("/usr/bin/python3", [script, mode, certificate, key], { stdio: ["ignore", "pipe", "inherit"] });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  return {
    port: Number(await line()),
    next: async () => JSON.parse(await line()) as Received,
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, "exit");
      child.kill();
      await ended;
    },
  };
}
