import { EnsureResult } from "../cert-shapes.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { followJob } from "../follow-job.ts";
import { formatFailure, formatTime } from "../terminal.ts";

interface RenewOptions {
  /** Also when none is due. */
  force: boolean;
  json: boolean;
}

/** `appliance cert renew`: a newer certificate of the host, where one is due. Exit code 1 when the authority gave none. */
export async function renewCertificate(
  { force, json }: RenewOptions,
  { certAgent, terminal }: Pick<Context, "certAgent" | "terminal">,
): Promise<number> {
  if (!json) terminal.say("Asking for a certificate; this takes up to some minutes");
  const data = { requestedBy: "cli", obtain: true, force };
  const result = EnsureResult.parse(await followJob(certAgent, { queue: "cert", name: "cert.ensure", data }, () => {}));
  if (json) terminal.json(result);
  else terminal.print(describe(result));
  return result.obtained.outcome === "failed" ? EXIT.failed : EXIT.ok;
}

function describe({ served, obtained }: EnsureResult): string {
  const inService = `${served.names.join(", ")}, serial ${served.serial}, valid until ${formatTime(served.validUntil)}`;
  if (obtained.outcome === "renewed") return `A new certificate is in service: ${inService}.`;
  if (obtained.outcome === "not due") return `Nothing was obtained: ${obtained.reason}.\nIn service: ${inService}.`;
  if (obtained.outcome === "not asked for") return `In service: ${inService}.`;
  return [
    `No new certificate. In service stays: ${inService}.`,
    formatFailure(obtained),
    `  It is tried again by itself at ${formatTime(obtained.retryAt)}.`,
  ].join("\n");
}
