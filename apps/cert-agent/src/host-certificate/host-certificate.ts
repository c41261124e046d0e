import { join } from "node:path";
import type { AcmeOptions } from "@appliance/acme";
import type { RunCommand } from "@appliance/command";
import { ensureDirectory } from "@appliance/files";
import type { KeyedCertificate } from "../certificate.ts";
import { createAcmeFiles } from "./acme-files.ts";
import { createCertificateStore } from "./certificate-store.ts";
import { createChallengeFolder } from "./challenge-folder.ts";
import type { Target } from "./challenge-test.ts";
import { resolveAddresses, type DnsDeps } from "./dns-test.ts";
import { readKeyPair } from "./key-pair.ts";
import type { Log } from "./log.ts";
import { createOpenssl } from "./openssl.ts";
import { planNames, whyNotObtained, type Wanted } from "./plan-names.ts";
import { planServed, type Candidate } from "./plan-served.ts";
import { clockOf, readFacts } from "./renewal-facts.ts";
import { createStateFile } from "./renewal-state.ts";
import { renew, type RenewalReport, type RenewOptions } from "./renew.ts";
import { createSelfSigned } from "./self-signed.ts";
import { planStatus, viewOf, type HostCertificateStatus } from "./status.ts";

export interface HostCertificateDeps {
  /** `/data/etc/certificates`: what must not be lost. */
  folder: string;
  /** Whose files nginx gives as answers to challenges. */
  challengeFolder: string;
  /** This host's own port 80, as this process reaches it. */
  target: Target;
  /** When this version was built: a clock that says less is wrong, and nothing is asked of anybody until it is right. */
  builtAt: Date;
  run: RunCommand;
  log: Log;
  now: () => Date;
  /** Patience with an authority; its directory and trust are env.yml's. */
  acmeOptions?: Omit<AcmeOptions, "directoryUrl" | "ca" | "now">;
  dns?: Partial<DnsDeps>;
  /** At least 0, below 1. */
  random?: () => number;
}

/** The key and certificate of this host: which is served, and how a newer one is had. */
export interface HostCertificate {
  /**
   * What is to be served now. It never fails for want of a certificate, nor for what stands in any file: a self-signed one is the last
   * resort. @throws CommandError when openssl cannot make that one
   */
  served(wanted: Wanted, signal: AbortSignal): Promise<KeyedCertificate>;
  /**
   * Has a newer one of the authority where that is due, and puts it into service. To be called every minute: it waits by itself, also
   * over restarts, and two processes at once order once. @throws the reason of `signal`, `LOCK_TAKEN`
   */
  renew(wanted: Wanted, options: RenewOptions, signal: AbortSignal): Promise<RenewalReport>;
  status(wanted: Wanted): Promise<HostCertificateStatus>;
}

export function createHostCertificate(given: HostCertificateDeps): HostCertificate {
  const { folder, run, log, now } = given;
  const store = createCertificateStore(folder);
  const acmeFolder = join(folder, "acme");
  const stateFile = createStateFile({ folder: acmeFolder, log });
  const openssl = createOpenssl({ run });
  const selfSigned = createSelfSigned({ folder, openssl, log });
  const deps = {
    ...given,
    store,
    stateFile,
    openssl,
    files: createAcmeFiles(acmeFolder),
    folder: createChallengeFolder(given.challengeFolder),
    dns: { addressesOf: resolveAddresses, publicPort: 80, ...given.dns },
    acmeOptions: { ...given.acmeOptions, now: () => now().getTime() },
    random: given.random ?? Math.random,
  };
  const choose = async (wanted: Wanted) => {
    const clock = clockOf(now(), given.builtAt, await stateFile.read(now()));
    const { domain, all } = planNames(wanted);
    const candidates = [...fromEnv(wanted), ...(await store.candidates())];
    return { clock, all, choice: planServed(candidates, domain, clock) };
  };
  return {
    async served(wanted, signal) {
      const { choice, clock, all } = await choose(wanted);
      return choice.chosen?.certificate ?? selfSigned.ensure(all, clock, signal);
    },
    async renew(wanted, options, signal) {
      await ensureDirectory(acmeFolder, { mode: 0o700 });
      return renew(deps, wanted, options, signal);
    },
    async status(wanted) {
      const { choice, clock } = await choose(wanted);
      const { acme } = wanted;
      const isObtained = whyNotObtained(wanted) === undefined && acme !== null;
      const facts = isObtained ? await readFacts({ store, stateFile, now: clock.now }, { ...wanted, acme }) : undefined;
      const last = await selfSigned.look();
      const own = last ? viewOf(last, "self-signed") : null;
      const { chosen } = choice;
      return planStatus(wanted, {
        served: chosen ? viewOf(chosen.certificate, chosen.place) : own,
        choice,
        facts,
        clock,
      });
    },
  };
}

function fromEnv({ given }: Wanted): Candidate[] {
  if (given === null) return [];
  const pair = readKeyPair(given.key, given.certificate);
  return [{ place: "env.yml", source: "env.yml", pair, since: new Date(0), proven: true, refused: null }];
}
