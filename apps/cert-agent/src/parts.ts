import { statSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import type { Log, Producer } from "@appliance/jobs";
import { createApplicationAuthority, createClientAuthority } from "./client-authority/index.ts";
import { createClientCertificates } from "./client-certificates.ts";
import type { Config } from "./config.ts";
import { createHostCertificate } from "./host-certificate/index.ts";
import { createPackages } from "./packages.ts";
import { createProblems } from "./problems.ts";
import { createTlsPublisher } from "./publish/publisher.ts";
import { createServedFolder } from "./publish/served-folder.ts";
import { createMountRenewal } from "./renew-mounts.ts";
import { createService } from "./service.ts";
import type { CertAgentSlice } from "./slice.ts";
import { createStatus } from "./status.ts";

export interface PartsDeps {
  config: Config;
  /** env.yml's part as it is now. */
  slice: () => Promise<CertAgentSlice | undefined>;
  domain: () => string;
  producer: Producer;
  log: Log;
}

/** Everything that certificates are made, kept and served with, put together. */
export async function createParts({ config, slice, domain, producer, log }: PartsDeps) {
  const now = () => new Date();
  const builtAt = config.builtAt ?? statSync(import.meta.filename).mtime;
  const problems = createProblems(log, now);
  const openssl = { run: runCommand, workFolder: config.workDir };
  const inCertificates = (name: string) => join(config.certificatesDir, name);

  const host = createHostCertificate({
    folder: config.certificatesDir,
    challengeFolder: config.challengeDir,
    target: { address: config.host.address, port: config.host.httpPort },
    builtAt,
    run: runCommand,
    log,
    now,
  });

  const appliance = createClientAuthority({
    ...openssl,
    folder: inCertificates("authority"),
    now,
    builtAt,
    domain,
  });
  const application = createApplicationAuthority({
    ...openssl,
    source: config.applicationCaDir,
    folder: inCertificates("application-authority"),
    now,
  });
  const clients = createClientCertificates({ checkout: config.checkout, appliance, application, problems });

  const served = createServedFolder(inCertificates("served"));
  const publisher = createTlsPublisher({ ...config, served, openssl, log });
  const lockFile = inCertificates("lock");
  const service = createService({ slice, host, clients, publisher, problems, lockFile });
  return {
    service,
    clients,
    problems,
    status: createStatus({ service, host, clients, appliance, openssl, problems }),
    packages: await createPackages(join(config.workDir, "packages"), now),
    mounts: createMountRenewal({ served, producer, problems }),
  };
}
