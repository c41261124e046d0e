import { isDeepStrictEqual } from "node:util";
import { isInterrupted, OperatorError, toFailure } from "@appliance/errors";
import { withFlock } from "@appliance/files";
import type { KeyedCertificate } from "./certificate.ts";
import type { ClientCertificates } from "./client-certificates.ts";
import type { Asked, HostCertificate, Put, RenewalReport } from "./host-certificate/index.ts";
import type { Problems } from "./problems.ts";
import { isRejection } from "./publish/failures.ts";
import type { TlsPublisher } from "./publish/publisher.ts";
import { isSameTrust, isSameServer, type ClientTrust, type TlsSet } from "./publish/tls-set.ts";
import type { CertAgentSlice } from "./slice.ts";

/** What the loop and the jobs do alike. */
export interface Service {
  /** env.yml's part, as it is now. @throws OperatorError `SLICE_MISSING` */
  wanted(): Promise<CertAgentSlice>;
  /** Brings the best certificate that there is into service, with the authorities of clients, and proves it. */
  serve(signal: AbortSignal): Promise<KeyedCertificate>;
  /** What client certificates are checked with, as nginx was given it last; null where none are asked for. */
  accepted(): Promise<ClientTrust | null>;
  /** Has a newer one of the authority where one is due, or wanted by a person, and brings it into service. */
  renew(asked: Asked, signal: AbortSignal): Promise<RenewalReport>;
}

export interface ServiceDeps {
  slice: () => Promise<CertAgentSlice | undefined>;
  host: HostCertificate;
  clients: ClientCertificates;
  publisher: TlsPublisher;
  problems: Problems;
  /** Held by whoever publishes, also against a second agent. */
  lockFile: string;
}

/** Longer than the slowest publication, which waits for nginx twice. */
const LOCK_WAIT_MS = 180_000;

export function createService(deps: ServiceDeps): Service {
  const { host, clients, publisher, problems } = deps;

  async function wanted(): Promise<CertAgentSlice> {
    const slice = await deps.slice();
    if (slice) return slice;
    throw new OperatorError("SLICE_MISSING", "cert-agent has not been told anything yet.", {
      remedy: "Run `appliance apply`, which hands env.yml out to the agents.",
    });
  }

  function alone<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const options = { waitMs: LOCK_WAIT_MS, signal };
    return withFlock(deps.lockFile, options, (lost) => work(AbortSignal.any([signal, lost])));
  }

  const accepted = async () => (await publisher.published())?.clients ?? null;

  async function serve(signal: AbortSignal): Promise<KeyedCertificate> {
    return alone(signal, async (signal) => {
      const slice = await wanted(); // of now: who waits long for the lock must not bring back what env.yml had before
      const server = await host.served(slice, signal);
      const before = await publisher.published();
      const set = { server, clients: await clients.toAccept(slice, before?.clients ?? null, signal) };
      await publishWhatPasses({ domain: slice.domain, ...set }, before, signal);
      return server;
    });
  }

  /**
   * The host's certificate must not hang on authorities of clients that nginx does not take, nor a revocation on the host's
   * certificate: what of both passes beside the other of before comes into service, and the error is thrown all the same.
   */
  async function publishWhatPasses(
    set: TlsSet & { domain: string },
    before: TlsSet | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      return await publisher.publish(set, signal);
    } catch (error) {
      const differ = before && !isSameServer(before.server, set.server) && !isSameTrust(before.clients, set.clients);
      if (!differ || !isRejection(error)) throw error;
      const parts = [
        { ...set, server: before.server },
        { ...set, clients: before.clients },
      ];
      for (const part of parts) if (await passes(part, signal)) break;
      throw error;
    }
  }

  async function passes(set: TlsSet & { domain: string }, signal: AbortSignal): Promise<boolean> {
    try {
      await publisher.publish(set, signal);
      return true;
    } catch (error) {
      if (isRejection(error)) return false;
      throw error;
    }
  }

  /**
   * A renewal takes minutes and holds nothing up: only its result is published under the lock, and counts as proven before another
   * look may choose again.
   */
  const putFor =
    (asked: CertAgentSlice): Put =>
    (certificate, proven, signal) =>
      alone(signal, async (signal) => {
        const slice = await wanted();
        if (!isDeepStrictEqual(hostPart(slice), hostPart(asked))) throw overtaken();
        await publisher.publish({ domain: slice.domain, server: certificate, clients: await accepted() }, signal);
        await proven();
      });

  /** That no certificate was had is a report, and a problem for as long as the record of renewals has it. */
  async function renew(asked: Asked, signal: AbortSignal): Promise<RenewalReport> {
    try {
      const slice = await wanted();
      const report = await host.renew(slice, { asked, put: putFor(slice) }, signal);
      await assess();
      return report;
    } catch (error) {
      if (!isInterrupted(signal)) problems.report("renewal", [toFailure(error)], error);
      throw error;
    }
  }

  async function assess(): Promise<void> {
    const { problem, renewal } = await host.status(await wanted());
    problems.report("certificate", problem ? [problem] : []);
    problems.report("renewal", renewal?.lastError ? [renewal.lastError] : []);
  }

  return {
    wanted,
    accepted,
    serve: (signal) => problems.during("serving", signal, () => serve(signal)),
    renew,
  };
}

/** What of env.yml a renewal is for. */
const hostPart = ({ domain, allowedHosts, given, acme }: CertAgentSlice) => ({ domain, allowedHosts, given, acme });

function overtaken(): OperatorError {
  return new OperatorError("ENV_CHANGED", "env.yml was changed while the certificate was obtained; it is kept.", {
    remedy: "Nothing needs to be done: what env.yml says now is seen to by itself.",
  });
}
