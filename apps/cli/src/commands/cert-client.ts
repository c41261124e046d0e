import { ClientCertificates, PublishedList, RevokeResult, type ClientCertificate } from "../cert-shapes.ts";
import type { Context } from "../context.ts";
import { followJob } from "../follow-job.ts";
import { formatTime } from "../terminal.ts";

type CertContext = Pick<Context, "certAgent" | "terminal">;
interface Options {
  json: boolean;
}

/** `appliance cert client list`: every certificate that the appliance made for a user, those that ended too. */
export async function listClientCertificates({ json }: Options, { certAgent, terminal }: CertContext): Promise<void> {
  const { certificates } = ClientCertificates.parse(await certAgent.get("/client-certificates"));
  if (json) return terminal.json(certificates);
  if (certificates.length === 0) return terminal.print("No certificate was made for a user yet.");
  const now = new Date();
  const rows = certificates.map((one) => [one.serial, stateOf(one, now), one.email, one.name]);
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) terminal.print(row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  "));
}

function stateOf({ validUntil, revokedAt }: ClientCertificate, now: Date): string {
  if (revokedAt !== null) return `revoked ${formatTime(revokedAt)}`;
  return `${Date.parse(validUntil) > now.getTime() ? "valid until" : "ended"} ${formatTime(validUntil)}`;
}

/**
 * `appliance cert client revoke`: a certificate, or all of a user, is refused from now on, in open connections too. It needs no
 * queue: whoever has lost a key does not wait.
 */
export async function revokeClientCertificates(
  which: string,
  { json }: Options,
  { certAgent, terminal }: CertContext,
): Promise<void> {
  const { revoked } = RevokeResult.parse(await certAgent.post("/client-certificates/revoke", { which }));
  if (json) return terminal.json(revoked);
  if (revoked.length === 0) return terminal.print("There was nothing left to revoke.");
  for (const { serial, email, name } of revoked) terminal.print(`Revoked: ${serial}, ${name} of ${email}`);
}

/** `appliance cert client crl`: a fresh revocation list, or the application's own as it is now. */
export async function publishRevocations({ json }: Options, { certAgent, terminal }: CertContext): Promise<void> {
  const request = { queue: "cert", name: "crl.publish", data: { requestedBy: "cli" } };
  const list = PublishedList.parse(await followJob(certAgent, request, terminal.say));
  if (json) return terminal.json(list);
  const count = list.revoked === 1 ? "1 certificate is" : `${list.revoked} certificates are`;
  terminal.print(`The list is in service: ${count} revoked. It is good until ${formatTime(list.nextUpdate)}.`);
}
