import type { ClientCertificate } from "@appliance/jobs";
import { refreshLists, type Context } from "./context.ts";
import { find } from "./register.ts";

/** As `ClientAuthority.revoke`. */
export async function revokeCertificates(
  context: Context,
  which: string,
  signal: AbortSignal,
): Promise<ClientCertificate[]> {
  const { deps, register } = context;
  const now = deps.now();
  const meant = find(await register.certificates(), which, now);
  const revoked = meant.map((one) => ({ ...one, revokedAt: one.revokedAt ?? now.toISOString() }));
  // The register first: whatever happens next, the next list has them.
  await note(context, revoked);
  const failures = await refreshLists(context, { fresh: false }, signal);
  const failure = revoked.map(({ authority }) => failures.get(authority)).find((one) => one !== undefined);
  if (failure) throw failure;
  return revoked;
}

async function note({ register }: Context, revoked: readonly ClientCertificate[]) {
  const before = await register.read();
  const bySerial = new Map(revoked.map((one) => [one.serial, one]));
  const certificates = before.certificates.map((one) => bySerial.get(one.serial) ?? one);
  await register.write({ ...before, certificates });
}
