import { isInterrupted, OperatorError, toFailure, type Failure } from "@appliance/errors";
import { readAuthorityOwner, type AuthorityOwner } from "./authority-owner.ts";
import type { ApplicationAuthority, ClientAuthority } from "./client-authority/index.ts";
import type { Problems } from "./problems.ts";
import type { ClientTrust } from "./publish/tls-set.ts";
import type { CertAgentSlice } from "./slice.ts";

/** Certificates of users, whoever signs them. */
export interface ClientCertificates {
  /** Null where no application of this checkout says it. @throws OperatorError for a compose file that cannot be read */
  owner(slice: CertAgentSlice): Promise<AuthorityOwner | null>;
  /**
   * What nginx is to accept now. It never fails: with trouble it is what is accepted already, and the trouble is a problem of the
   * part `clients`.
   */
  toAccept(slice: CertAgentSlice, accepted: ClientTrust | null, signal: AbortSignal): Promise<ClientTrust | null>;
  /**
   * The appliance's own authority, to issue and revoke with.
   * @throws OperatorError `CLIENT_CA_OF_APPLICATION` where the application has one of its own
   */
  own(slice: CertAgentSlice): Promise<ClientAuthority>;
}

export interface ClientCertificatesDeps {
  checkout: string;
  appliance: ClientAuthority;
  application: ApplicationAuthority;
  problems: Problems;
}

interface Looked {
  bundle: ClientTrust | null;
  problems: readonly Failure[];
}

export function createClientCertificates(deps: ClientCertificatesDeps): ClientCertificates {
  const { appliance, application, problems } = deps;
  /** A start makes new lists: whatever kept this process away, they last for as long as they can from then on. */
  let isStarting = true;

  async function owner({ application: group }: CertAgentSlice): Promise<AuthorityOwner | null> {
    return group && readAuthorityOwner(deps.checkout, group.composeFile);
  }

  async function look(slice: CertAgentSlice, accepted: ClientTrust | null, signal: AbortSignal): Promise<Looked> {
    const who = (await owner(slice)) ?? (await whoseIs(accepted, signal));
    if (who === "appliance") return lookAtOwn(accepted, signal);
    if (who === null) return { bundle: accepted, problems: [] };
    const { bundle, problem } = await application.look(signal);
    return { bundle, problems: problem ? [problem] : [] };
  }

  /** Where nobody says whose it is, what is accepted stays so; a list of ours goes on to be renewed, since it would end. */
  async function whoseIs(accepted: ClientTrust | null, signal: AbortSignal): Promise<AuthorityOwner | null> {
    const own = accepted && (await appliance.bundle(signal));
    return own && own.caPem === accepted?.caPem ? "appliance" : null;
  }

  /** Without a single list that is good now, what nginx has stays there: it refuses everybody, and its page says why. */
  async function lookAtOwn(accepted: ClientTrust | null, signal: AbortSignal): Promise<Looked> {
    const failures = await appliance.ensure({ fresh: isStarting }, signal);
    isStarting = false;
    const { problems: lasting } = await appliance.status(signal);
    return { bundle: (await appliance.bundle(signal)) ?? accepted, problems: [...failures, ...lasting] };
  }

  return {
    owner,
    async toAccept(slice, accepted, signal) {
      try {
        const looked = await look(slice, accepted, signal);
        problems.report("clients", looked.problems);
        return looked.bundle;
      } catch (error) {
        if (isInterrupted(signal)) throw error;
        problems.report("clients", [toFailure(error)], error);
        return accepted;
      }
    },
    async own(slice) {
      if ((await owner(slice)) === "application") throw ofApplication();
      return appliance;
    },
  };
}

function ofApplication(): OperatorError {
  return new OperatorError("CLIENT_CA_OF_APPLICATION", "The application signs the certificates of its users itself.", {
    remedy:
      "Issue them with `appliance cert client create`, which asks the application, or revoke them on its own pages.",
  });
}
