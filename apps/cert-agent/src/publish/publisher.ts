import { existsSync } from "node:fs";
import { join } from "node:path";
import { publishGeneration, switchSymlink, targetOf } from "@appliance/files";
import type { Log } from "@appliance/jobs";
import { readBundle, refusesMore, type OpensslDeps } from "../client-authority/index.ts";
import { notServed, notTaken, refused, unreachable } from "./failures.ts";
import { firstMiss, lookAt, placesToProve, type Before, type Miss } from "./prove.ts";
import type { Listener } from "./served-certificate.ts";
import type { ServedFolder } from "./served-folder.ts";
import { generationOf, isSameTrust, isSameSet, readSet, type ClientTrust, type TlsSet } from "./tls-set.ts";
import { readVerdict, waitForVerdict } from "./verdict.ts";

export interface TlsPublisher {
  /**
   * Brings a set into service and proves it: nginx took it over, and the certificate is read back from the host's own ports. With
   * a set that is in service already nothing is written and the proof is made again. One call at a time.
   * @throws OperatorError `TLS_REFUSED` or `TLS_NOT_SERVED`, and the set before is back; `TLS_NOT_TAKEN` or `TLS_UNREACHABLE`, and
   *   the new set stays; `DISK_FULL`, `FILE_NOT_WRITTEN`, and each reader has one set or the other, whole: the next call goes on.
   */
  publish(set: TlsSet & { domain: string }, signal: AbortSignal): Promise<void>;
  /** The set that nginx was given last; undefined before the first. */
  published(): Promise<TlsSet | undefined>;
}

export interface TlsPublisherDeps {
  /** nginx' folder for sets, and the file with its verdict on the last one. */
  tlsDir: string;
  verdictFile: string;
  served: ServedFolder;
  host: { address: string; httpsPort: number };
  /** Ports of mail; 25 and 465 unless said. */
  mailPorts?: { smtp: number; smtps: number };
  openssl: OpensslDeps;
  log: Pick<Log, "info">;
  /** How long nginx may take to look at a set, 20 s unless said, and each program to serve it then, 10 s unless said. */
  takenWithinMs?: number;
  servedWithinMs?: number;
}

interface Generation {
  name: string;
  set: TlsSet | undefined;
}

export function createTlsPublisher(deps: TlsPublisherDeps): TlsPublisher {
  const { tlsDir, verdictFile, served } = deps;
  const current = join(tlsDir, "current");

  async function observe(): Promise<Generation | undefined> {
    const name = await targetOf(current);
    return name === undefined ? undefined : { name, set: await readSet(current) };
  }

  /**
   * Connections end by what nginx serves with, not by what it was given: a set that it has not looked at yet may be replaced by this
   * one, and its mark with it. The mark is no difference of its own: it stays until something else changes.
   */
  async function write(set: TlsSet, signal: AbortSignal): Promise<string> {
    const serving = (await readVerdict(verdictFile))?.serving;
    const before = serving ? await readSet(join(tlsDir, serving)) : undefined;
    const isLost = serving != null && !isKept(serving); // whom it lets in nobody knows: the safe side
    const ends = isLost || (await takesAway(before?.clients ?? null, set.clients, deps.openssl, signal));
    return publishGeneration(tlsDir, generationOf(set, ends));
  }

  /** Sets that nginx never looked at may have displaced the one that it serves, of which it has a copy. */
  const isKept = (generation: string) => existsSync(join(tlsDir, generation));

  async function takeBack(to: string | null | undefined, signal: AbortSignal): Promise<void> {
    if (!to || !isKept(to) || !(await switchSymlink(current, to))) return;
    await waitForVerdict(verdictFile, to, signal, deps.takenWithinMs);
  }

  return {
    published: async () => (await observe())?.set,
    async publish({ domain, ...set }, signal) {
      const former = await observe();
      const isNew = !isSameSet(former?.set, set);
      const before = await lookAt(isNew ? placesOf(deps, domain) : [webServer(deps, domain)], signal);
      const generation = isNew || !former ? await write(set, signal) : former.name;

      const verdict = await waitForVerdict(verdictFile, generation, signal, deps.takenWithinMs);
      if (!verdict) throw notTaken();
      if (!verdict.ok) {
        await takeBack(verdict.serving ?? former?.name, signal);
        throw refused(verdict.error);
      }
      const places = placesToProve(before, former?.set?.server.leaf);
      const miss = await firstMiss(places, set.server.leaf, signal, deps.servedWithinMs);
      if (miss && !isNoWorse(miss, before)) {
        await takeBack(former?.name, signal);
        throw notServed(miss, set.server.leaf.serialNumber);
      }
      await served.write(set);
      if (isNew) deps.log.info({ generation, serial: set.server.leaf.serialNumber }, "new certificates are in service");
      if (miss) throw unreachable(miss);
    },
  };
}

/**
 * Whether a client certificate that was accepted is refused now. A connection that was opened with it has to end, while a list
 * that was only renewed must disturb nobody.
 */
async function takesAway(
  before: ClientTrust | null,
  after: ClientTrust | null,
  openssl: OpensslDeps,
  signal: AbortSignal,
): Promise<boolean> {
  if (!before || isSameTrust(before, after)) return false;
  const read = (bundle: ClientTrust | null) => bundle && readBundle(bundle.caPem, bundle.crlPem, openssl, signal);
  return refusesMore(await read(before), await read(after));
}

/** Nothing answered there before the change either. */
function isNoWorse({ where, found }: Miss, before: Before): boolean {
  return found === undefined && before.get(where) === undefined;
}

function webServer({ host }: TlsPublisherDeps, name: string): Listener {
  return { address: host.address, port: host.httpsPort, name, isMail: false, startTls: false };
}

function placesOf(deps: TlsPublisherDeps, name: string): Listener[] {
  const { smtp, smtps } = deps.mailPorts ?? { smtp: 25, smtps: 465 };
  const mail = { address: deps.host.address, name, isMail: true };
  return [webServer(deps, name), { ...mail, port: smtp, startTls: true }, { ...mail, port: smtps, startTls: false }];
}
