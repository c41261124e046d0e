import { certificateId, type AcmeOptions, type Challenges } from "@appliance/acme";
import { toFailure } from "@appliance/errors";
import type { KeyedCertificate } from "../certificate.ts";
import { isRejection } from "../publish/failures.ts";
import type { AcmeFiles } from "./acme-files.ts";
import { checkClock } from "./authority-clock.ts";
import type { CertificateStore } from "./certificate-store.ts";
import type { ChallengeFolder } from "./challenge-folder.ts";
import { testOwnPort, type Target } from "./challenge-test.ts";
import { checkNew, refused, type Expected } from "./check-new.ts";
import { testThroughDns, type DnsDeps } from "./dns-test.ts";
import { readKeyPair, type KeyPair } from "./key-pair.ts";
import { clientOf, obtain, type Authority, type Obtained } from "./obtain.ts";
import type { Openssl } from "./openssl.ts";
import type { PresentCertificate } from "./renewal-facts.ts";
import { afterValidation, beforeValidation } from "./renewal-record.ts";
import type { RenewalState } from "./renewal-state.ts";

/**
 * Publishes a certificate and proves it in service, then calls `proven`, before anything else is chosen and published: who looked
 * between both would bring the former one back. Throws when it was not proven.
 */
export type Put = (certificate: KeyedCertificate, proven: () => Promise<void>, signal: AbortSignal) => Promise<void>;

export interface AttemptDeps {
  store: CertificateStore;
  files: AcmeFiles;
  folder: ChallengeFolder;
  openssl: Openssl;
  /** This host's own port 80. */
  target: Target;
  dns: DnsDeps;
  acmeOptions: Omit<AcmeOptions, "directoryUrl" | "ca">;
  now: () => Date;
}

/** The state of one run, on disk after each change. */
export interface Session {
  state: RenewalState;
  update: (change: (state: RenewalState) => RenewalState) => Promise<void>;
}

/**
 * Sees that the authority is there and agrees about the time, before anything is asked of it.
 * @throws OperatorError `CLOCK_WRONG`, or as the client of the authority
 */
export async function lookAtAuthority(authority: Authority, { acmeOptions, now }: AttemptDeps, signal: AbortSignal) {
  await checkClock(authority.directoryUrl, now(), signal);
  await clientOf(authority, acmeOptions).directory(signal);
}

/**
 * Orders a certificate, judges it and keeps it durably; it is not in service then. @returns its id
 * @throws OperatorError as `obtain`, `testOwnPort` and `checkNew`, `DISK_FULL`
 */
export async function orderCertificate(
  names: readonly string[],
  { authority, present, session }: { authority: Authority; present: PresentCertificate | undefined; session: Session },
  deps: AttemptDeps,
  signal: AbortSignal,
): Promise<string> {
  const { files, store, now } = deps;
  await files.reserve();
  const before = present?.directoryUrl === authority.directoryUrl ? present : undefined;
  const validation = countedChallenges(deps, session);
  const obtained = await obtain(
    { names, replaces: before && idOf(before) },
    {
      authority,
      options: deps.acmeOptions,
      files,
      openssl: deps.openssl,
      challenges: validation.challenges,
      beforeValidation: () => testWay(names, session, deps, signal),
    },
    signal,
  );
  await validation.succeeded();
  const pair = await accepted(obtained, { names, before: before?.pair.leaf, now: now() }, files);
  const { directoryUrl } = authority;
  const about = { obtainedAt: now(), directoryUrl, names: [...names], provenAt: null, refused: null };
  const id = await files.withReserve(() => store.add(pair, about));
  await files.dropOrder();
  return id;
}

/** Undefined for a certificate that has no such name: it is then renewed without being named. */
function idOf({ pair }: PresentCertificate): string | undefined {
  try {
    return certificateId(pair.leaf);
  } catch {
    return undefined;
  }
}

/** Challenges of which the first is counted, durably, before the authority may look. */
function countedChallenges({ folder: { challenges }, now }: AttemptDeps, session: Session) {
  let counting: Promise<void> | undefined;
  const counted: Challenges = {
    async place(challenge) {
      await (counting ??= session.update((state) => beforeValidation(state, now())));
      await challenges.place(challenge);
    },
    remove: (challenge) => challenges.remove(challenge),
  };
  return { challenges: counted, succeeded: async () => counting && session.update(afterValidation) };
}

/** This host's own port has to answer; the way through DNS is only told. */
async function testWay(names: readonly string[], session: Session, deps: AttemptDeps, signal: AbortSignal) {
  const { folder, target, dns, now } = deps;
  await folder.withTestAnswer(async (answer) => {
    const [own, throughDns] = await Promise.allSettled([
      testOwnPort(target, names, answer, signal),
      testThroughDns(dns, names, answer, { now: now(), signal }),
    ]);
    if (throughDns.status === "fulfilled") await session.update((state) => ({ ...state, dns: throughDns.value }));
    if (own.status === "rejected") throw own.reason;
  });
}

/** An order whose certificate is no good is over. */
async function accepted({ keyPem, chain }: Obtained, expected: Expected, files: AcmeFiles): Promise<KeyPair> {
  try {
    const pair = readKeyPair(keyPem, chain.pem);
    if ("unfit" in pair) throw refused(pair.unfit);
    checkNew(pair, chain.certificates, expected);
    return pair;
  } catch (error) {
    await files.dropOrder();
    throw error;
  }
}

/**
 * Puts a certificate that is kept into service, and remembers what came of it.
 * @throws what `put` throws; one that was rejected is marked, so that `served` does not take it before it is tried again. What failed
 * for another reason, such as a full disk, is still better than none.
 */
export async function putIntoService(id: string, put: Put, { store, files, now }: AttemptDeps, signal: AbortSignal) {
  const found = (await store.obtained()).find((one) => one.id === id);
  if (found?.about === undefined || "unfit" in found.pair) throw refused("its files are gone");
  const { about, pair } = found;
  const proven = () => files.withReserve(() => store.mark(id, { ...about, provenAt: now(), refused: null }));
  try {
    await put({ ...pair, source: "acme" }, proven, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (isRejection(error)) await store.mark(id, { ...about, refused: toFailure(error).message });
    throw error;
  }
  await store.prune();
}
