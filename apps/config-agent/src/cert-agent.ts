import { CertEnsure, type CertificateSource, type Producer } from "@appliance/jobs";
import type { RunContext } from "./capability.ts";

/** What config-agent asks of cert-agent, which alone holds keys of certificates. */
export interface CertAgent {
  /** The best certificate that there is, of what it was told, is then in service; no authority is asked for a better one. */
  ensure(run: RunContext): Promise<{ source: CertificateSource }>;
}

/** nginx tells within seconds; without an answer the start of the application goes on. */
const ENSURE_LIMIT_MS = 60_000;

export function createCertAgent(producer: Producer): CertAgent {
  return {
    async ensure({ runId, signal, note }) {
      const options = { id: `${runId}-cert-ensure`, signal, timeLimitMs: ENSURE_LIMIT_MS };
      const { served } = await producer.request(CertEnsure, { requestedBy: "config-agent", runId }, options);
      note(`serving a certificate from ${served.source} for ${served.names.join(", ")}`);
      return served;
    },
  };
}
