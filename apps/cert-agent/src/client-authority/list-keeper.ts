import type { ClientCertificate } from "@appliance/jobs";
import { OperatorError } from "@appliance/errors";
import type { Authority, AuthorityStore } from "./authority-store.ts";
import { isSignedBy, readCrlIn, type Crl } from "./crl.ts";
import { makeCrl } from "./make-crl.ts";
import { withOpenssl, type OpensslDeps } from "./openssl.ts";
import { isCrlDue, planCrl } from "./plan-crl.ts";

export interface ListKeeper {
  /** The list in service, once openssl has read and verified it; null when there is none that is good. */
  present(authority: Authority, signal: AbortSignal): Promise<{ pem: string; crl: Crl } | null>;
  /**
   * Makes the list of an authority where it is due, or with `fresh` in any case. Returns why it could not be made, such as
   * `CLIENT_CA_KEY_LOST`; the present one then stays.
   */
  refresh(
    authority: Authority,
    certificates: readonly ClientCertificate[],
    options: { fresh: boolean },
    signal: AbortSignal,
  ): Promise<OperatorError | null>;
}

/** Keeps the revocation list of each authority. */
export function createListKeeper(store: AuthorityStore, deps: OpensslDeps & { now: () => Date }): ListKeeper {
  /** The list of each certificate that was found good last: it is looked at several times a minute, and changes once a day. */
  const known = new Map<string, { pem: string; crl: Crl }>();

  async function present(authority: Authority, signal: AbortSignal) {
    const { certificatePem } = authority;
    const pem = await store.readList(authority);
    if (pem === null) return null;
    const before = known.get(certificatePem);
    if (before?.pem === pem) return before;
    const found = await withOpenssl(deps, signal, async (place) =>
      (await isSignedBy(place, pem, certificatePem)) ? { pem, crl: await readCrlIn(place, pem) } : null,
    );
    if (found) known.set(certificatePem, found);
    return found;
  }

  const refresh: ListKeeper["refresh"] = async (authority, certificates, { fresh }, signal) => {
    const now = deps.now();
    const crl = (await present(authority, signal))?.crl ?? null;
    const issued = certificates.filter((certificate) => certificate.authority === authority.serial);
    const plan = planCrl(issued, crl, now);
    if (!fresh && !isCrlDue(crl, plan, now)) return null;
    const why = await store.whyUnableToSign(authority);
    if (why !== null) return keyLost(authority, why);
    try {
      await store.writeList(authority, await makeCrl(plan, authority, deps, signal));
      return null;
    } catch (error) {
      if (error instanceof OperatorError && !signal.aborted) return error;
      throw error;
    }
  };

  return { present, refresh };
}

/** What every operation says that needs a key which is lost. */
export const keyLost = ({ serial }: Authority, why: string) =>
  new OperatorError("CLIENT_CA_KEY_LOST", `The key of the client certificate authority ${serial} ${why}.`, {
    remedy:
      "Bring it back from the backup. If there is none: appliance cert ca rollover, give everybody a new certificate, " +
      "then appliance cert ca rollover --finish. Until its revocation list ends, its certificates work and cannot be revoked.",
  });
