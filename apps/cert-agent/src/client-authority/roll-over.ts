import { OperatorError } from "@appliance/errors";
import type { ClientCertificate } from "@appliance/jobs";
import type { Authority } from "./authority-store.ts";
import { refreshLists, type Context } from "./context.ts";
import { keyLost } from "./list-keeper.ts";
import { makeAuthority } from "./make-certificate.ts";
import { assertLasts, planAuthority } from "./plan-certificate.ts";
import { isValid } from "./register.ts";

/** Makes an authority, which issues from now on. */
export async function addAuthority({ deps, store }: Context, signal: AbortSignal): Promise<void> {
  const plan = planAuthority(deps.domain(), { now: deps.now(), builtAt: deps.builtAt });
  await store.add(await makeAuthority(plan, deps, signal));
}

/** As `ClientAuthority.rollover`. */
export async function rollOver(context: Context, signal: AbortSignal): Promise<{ authority: string; begun: boolean }> {
  const before = await context.store.read();
  const newest = before.authorities.at(-1);
  const accepted = before.authorities.length + before.damaged.length;
  const underWay = accepted > 1 && newest !== undefined && (await whyUnableToIssue(context, newest)) === null;
  if (!underWay) await addAuthority(context, signal);
  const issuing = (await context.store.read()).authorities.at(-1)!;
  const failure = (await refreshLists(context, { fresh: false }, signal)).get(issuing.serial);
  if (failure) throw failure;
  return { authority: issuing.serial, begun: !underWay };
}

/** As `ClientAuthority.finishRollover`. */
export async function finishRollOver(context: Context): Promise<{ retired: string[]; stopped: number }> {
  const { authorities, damaged } = await context.store.read();
  const newest = authorities.at(-1);
  const leaving = authorities.slice(0, -1);
  if (newest === undefined || leaving.length + damaged.length === 0) throw noRollover();
  const why = await whyUnableToIssue(context, newest);
  if (why) throw why;
  // The register first: killed after it, the next lists of those that should have left refuse the same people.
  const stopped = await revokeAllBut(newest, context);
  await context.store.keepOnly(newest);
  return { retired: leaving.map(({ serial }) => serial), stopped };
}

async function revokeAllBut({ serial }: Authority, { deps, register }: Context): Promise<number> {
  const now = deps.now();
  const before = await register.read();
  const stops = (one: ClientCertificate) => one.authority !== serial && isValid(one, now);
  const revokedAt = now.toISOString();
  const certificates = before.certificates.map((one) => (stops(one) ? { ...one, revokedAt } : one));
  await register.write({ ...before, certificates });
  return before.certificates.filter(stops).length;
}

async function whyUnableToIssue({ deps, store }: Context, authority: Authority): Promise<OperatorError | null> {
  const why = await store.whyUnableToSign(authority);
  if (why !== null) return keyLost(authority, why);
  try {
    assertLasts(authority.certificate, deps.now(), deps.now());
    return null;
  } catch (error) {
    if (error instanceof OperatorError) return error;
    throw error;
  }
}

const noRollover = () =>
  new OperatorError("CLIENT_CA_NO_ROLLOVER", "There is one client certificate authority alone, so none can leave.", {
    remedy: "Begin a change of the authority first, with: appliance cert ca rollover",
  });
