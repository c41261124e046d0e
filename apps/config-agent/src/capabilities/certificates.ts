import { createHash, X509Certificate } from "node:crypto";
import { OperatorError } from "@appliance/errors";
import type { Capability, RunContext, Wanted } from "../capability.ts";
import type { CertAgent } from "../cert-agent.ts";
import type { Containers } from "../containers.ts";
import { PATHS } from "../paths.ts";
import { planCertificates, type CertificatesObserved, type CertificatesStep } from "../plan-certificates.ts";
import { planCertAgentSlice } from "../plan-slices.ts";
import type { RootFiles } from "../root-files.ts";

interface Deps {
  files: RootFiles;
  containers: Containers;
  certAgent: CertAgent;
  /** The appliance's own version, which is the tag of its images. */
  version: string;
}

const SERVICE = "cert-agent";
/** What cert-agent was asked for. Written last: a run that dies before it asks again. */
const RECORD = `${PATHS.control}/certificates.json`;

/**
 * A certificate for the domain is served before the application opens. What nginx has is served in any case, so the appliance
 * starts without cert-agent as well.
 */
export function certificatesCapability(deps: Deps): Capability<CertificatesStep> {
  return {
    name: "certificates",
    title: "Serving the certificate",
    isOptional: true,
    async plan(wanted) {
      const image = `appliance/cert-agent:${deps.version}`;
      const { domain } = wanted.env.appliance;
      return planCertificates({ domain, image, told: digestOf(wanted) }, await observe(wanted, deps));
    },
    async apply({ recreate, ask }, wanted, run) {
      if (recreate !== null) await start(recreate, run, deps);
      if (!ask) return;
      const { source } = await deps.certAgent.ensure(run);
      if (wanted.tls.given !== null && source !== "env.yml") throw givenNotServed(wanted.env.appliance.domain);
      await deps.files.write(RECORD, `${JSON.stringify({ told: digestOf(wanted) })}\n`, { mode: 0o600 });
    },
  };
}

function digestOf(wanted: Wanted): string {
  return createHash("sha256")
    .update(JSON.stringify(planCertAgentSlice(wanted)))
    .digest("hex");
}

async function observe(wanted: Wanted, { files, containers }: Deps): Promise<CertificatesObserved> {
  const all = await containers.observeFor(wanted);
  const record = await files.read(RECORD);
  const served = await files.read(PATHS.servedCertificate);
  return {
    container: all.find(({ project, service }) => project === "core" && service === SERVICE),
    asked: record && (JSON.parse(record.toString("utf8")) as { told: string }).told,
    isServed: served !== undefined && isFor(wanted.env.appliance.domain, served),
  };
}

/** Nothing is noted then, so that each apply says it again. */
function givenNotServed(domain: string): OperatorError {
  return new OperatorError("CERTIFICATE_GIVEN_UNFIT", `The certificate of env.yml is not served for ${domain}.`, {
    remedy:
      "See why with `appliance cert status`, correct appliance:ssl:key and appliance:ssl:cert, then run `appliance apply`.",
  });
}

/** One that cannot be read, which nobody but an operator's hand puts there, is as good as none. */
function isFor(domain: string, pem: Buffer): boolean {
  try {
    return new X509Certificate(pem).checkHost(domain) !== undefined;
  } catch {
    return false;
  }
}

/** One that does not start is taken away: a container that lies there is what a repair brings back, again and again. */
async function start(recreate: "changed" | "always", run: RunContext, { containers }: Deps): Promise<void> {
  try {
    await containers.up({ project: "core", services: [SERVICE], recreate }, run);
  } catch (err) {
    if (!run.signal.aborted) await containers.remove("core", [SERVICE], run);
    throw err;
  }
}
