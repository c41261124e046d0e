import type { ClientCertificate } from "@appliance/jobs";
import { refreshLists, type Context } from "./context.ts";
import { find, type Register } from "./register.ts";

/** As `ClientAuthority.revoke`. */
export async function revokeCertificates(
  context: Context,
  which: string,
  signal: AbortSignal,
): Promise<ClientCertificate[]> {
  const { deps, register } = context;
  const now = deps.now();
  const before = await register.read();
  const meant = find(before.certificates, which, now);
  const revoked = meant.map((one) => ({ ...one, revokedAt: one.revokedAt ?? now.toISOString() }));
  // The register first: whatever happens next, the next list has them.
  await register.write(replaceIn(before, revoked));
  const failures = await refreshLists(context, { fresh: false }, signal);
  const failure = revoked.map(({ authority }) => failures.get(authority)).find((one) => one !== undefined);
  if (failure) throw failure;
  return revoked;
}

function replaceIn({ certificates, damaged }: Register, changed: readonly ClientCertificate[]): Register {
  const bySerial = new Map(changed.map((one) => [one.serial, one]));
  return { certificates: certificates.map((one) => bySerial.get(one.serial) ?? one), damaged };
}
