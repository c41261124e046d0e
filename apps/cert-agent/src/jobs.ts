import {
  CaRollover,
  CertEnsure,
  ClientIssue,
  ClientRevoke,
  CrlPublish,
  handle,
  type ClientCertificate,
  type JobHandler,
  type ResultOf,
  type Work,
} from "@appliance/jobs";
import { OperatorError, toFailure } from "@appliance/errors";
import type { KeyedCertificate } from "./certificate.ts";
import type { ClientAuthority } from "./client-authority/index.ts";
import type { ClientCertificates } from "./client-certificates.ts";
import { namesOf } from "./host-certificate/key-pair.ts";
import type { Packages } from "./packages.ts";
import { isRejection } from "./publish/failures.ts";
import type { Service } from "./service.ts";
import type { Status } from "./status.ts";

export interface JobTools {
  service: Service;
  clients: ClientCertificates;
  status: Status;
  packages: Packages;
}

/** The work of the queue `cert`. */
export function certificateJobs(tools: JobTools): JobHandler[] {
  return [
    handle(CertEnsure, ensure(tools)),
    handle(ClientIssue, issue(tools)),
    handle(ClientRevoke, async ({ which }, { signal }) => ({ revoked: await revoke(which, tools, signal) })),
    handle(CrlPublish, publishList(tools)),
    handle(CaRollover, rollOver(tools)),
  ];
}

/** What is there serves before anything is asked of anybody. */
function ensure({ service }: JobTools): Work<typeof CertEnsure> {
  return async ({ obtain, force }, { signal }) => {
    const first = await service.serve(signal);
    if (!obtain) return { served: describe(first), obtained: { outcome: "not asked for" } };
    const obtained = await service.renew(force ? "in any case" : "if due", signal);
    const served = obtained.outcome === "renewed" ? await service.serve(signal) : first;
    return { served: describe(served), obtained };
  };
}

function describe({ leaf, source }: KeyedCertificate): ResultOf<typeof CertEnsure>["served"] {
  const validUntil = leaf.validToDate.toISOString();
  return { source, names: namesOf(leaf), serial: leaf.serialNumber.toUpperCase(), validUntil };
}

/** The file and its password go no further than this agent's memory: a job's result is kept in clear. */
function issue({ service, clients, packages }: JobTools): Work<typeof ClientIssue> {
  return async (order, { signal }) => {
    const authority = await clients.own(await service.wanted());
    await authority.ensure({}, signal); // asked for before the first look, there may be none yet
    const { certificate, pkcs12, password } = await authority.issue(order, signal);
    await packages.put(certificate.serial, { pkcs12: pkcs12.toString("base64"), password });
    return { certificate };
  };
}

/**
 * Revokes, and returns once nginx refuses what was revoked, though it may not take a new certificate of the host. A second delivery
 * finds it revoked and publishes again.
 * @throws OperatorError `CLIENT_CA_OF_APPLICATION`, `CLIENT_CERTIFICATE_UNKNOWN`; `CRL_NOT_IN_SERVICE`, and the next look goes on with it
 */
export async function revoke(
  which: string,
  { service, clients }: Pick<JobTools, "service" | "clients">,
  signal: AbortSignal,
): Promise<ClientCertificate[]> {
  const authority = await clients.own(await service.wanted());
  const revoked = await authority.revoke(which, signal);
  await service.serve(signal).catch((error: unknown) => {
    signal.throwIfAborted();
    if (!isRejection(error)) throw notInService(error);
  });
  const [wanted, accepted] = [await authority.bundle(signal), await service.accepted()];
  if (accepted && accepted.crlPem !== wanted?.crlPem) throw notInService();
  return revoked;
}

/** Whoever revokes must learn that it was noted, whatever came after. */
function notInService(cause?: unknown): OperatorError {
  const why = cause === undefined ? "" : ` ${toFailure(cause).message}`;
  return new OperatorError("CRL_NOT_IN_SERVICE", `The revocation is noted, but its list is not in service yet.${why}`, {
    remedy: "See what keeps it from that with `appliance cert status`; it is tried again by itself.",
    cause,
  });
}

function publishList({ service, clients, status }: JobTools): Work<typeof CrlPublish> {
  return async (_order, { signal }) => {
    const slice = await service.wanted();
    if ((await clients.owner(slice)) !== "application") {
      const [failure] = await (await clients.own(slice)).ensure({ fresh: true }, signal);
      if (failure) throw new OperatorError(failure.code, failure.message, failure);
    }
    await service.serve(signal);
    const { crlNextUpdate, revoked } = (await status.read(signal)).clients;
    if (crlNextUpdate === null) throw noList();
    return { nextUpdate: crlNextUpdate, revoked };
  };
}

function noList(): OperatorError {
  return new OperatorError("CRL_MISSING", "There is no revocation list in service.", {
    remedy: "See why with `appliance cert status`.",
  });
}

function rollOver({ service, clients }: JobTools): Work<typeof CaRollover> {
  return async ({ finish }, { signal }) => {
    const authority = await clients.own(await service.wanted());
    const result = finish ? await finishRollover(authority, signal) : await beginRollover(authority, signal);
    await service.serve(signal);
    return result;
  };
}

async function beginRollover(authority: ClientAuthority, signal: AbortSignal): Promise<ResultOf<typeof CaRollover>> {
  const { begun } = await authority.rollover(signal);
  return { outcome: begun ? "begun" : "under way", stopped: 0 };
}

async function finishRollover(authority: ClientAuthority, signal: AbortSignal): Promise<ResultOf<typeof CaRollover>> {
  const { stopped } = await authority.finishRollover(signal);
  return { outcome: "finished", stopped };
}
