import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, OperatorError, toFailure, type Failure } from "@appliance/errors";
import { ensureDirectory, publishGeneration } from "@appliance/files";
import { bundleOf, certificatesOf, matchLists, type BundledAuthority, type ClientBundle } from "./client-bundle.ts";
import { whyRefused } from "./crl.ts";
import { assertAuthority, assertList, assertPem, refused } from "./judge-offer.ts";
import { withOpenssl, type OpensslDeps } from "./openssl.ts";
import { readOfferedFile } from "./read-offered-file.ts";

export interface ApplicationAuthorityDeps extends OpensslDeps {
  /** Where the application writes `ca.cert.pem` and `crl.pem`: `/data/ecs-ca`. */
  source: string;
  /** Where the last good ones are kept. */
  folder: string;
  now: () => Date;
}

export interface ApplicationLook {
  /** What nginx is to be given: what the application has now, or the last that was good; null when there never was any. */
  bundle: ClientBundle | null;
  /** Why what the application has now is not taken, or could not be kept; null when it is, or when it has nothing yet. */
  problem: Failure | null;
}

/** The authority of client certificates that the application owns. */
export interface ApplicationAuthority {
  /** Reads and judges what the application has, and keeps it when it is good. To be called at a change and every minute. */
  look(signal: AbortSignal): Promise<ApplicationLook>;
}

const [CA_FILE, CRL_FILE] = ["ca.cert.pem", "crl.pem"] as const;

export function createApplicationAuthority(deps: ApplicationAuthorityDeps): ApplicationAuthority {
  return {
    async look(signal) {
      const served = await readKept(deps, signal);
      try {
        const offered = await readOffered(deps.source, served.length > 0);
        if (offered === null) return { bundle: null, problem: null };
        const accepted = await judge(offered, served, deps, signal);
        const bundle = bundleOf(accepted);
        return { bundle, problem: bundle && (await keep(bundle, deps.folder)) };
      } catch (error) {
        if (!(error instanceof OperatorError) || signal.aborted) throw error;
        return { bundle: bundleOf(served), problem: toFailure(error) };
      }
    },
  };
}

interface Offer {
  caPem: string;
  crlPem: string;
}

/** null as long as the application has made nothing, which is no failure unless it had something before. */
async function readOffered(source: string, hadSome: boolean): Promise<Offer | null> {
  const caPem = await readOfferedFile(source, CA_FILE);
  const crlPem = await readOfferedFile(source, CRL_FILE);
  if (caPem === null && crlPem === null && !hadSome) return null;
  if (caPem === null) throw refused("APPLICATION_CA_MISSING", `There is no ${join(source, CA_FILE)}`);
  if (crlPem === null) throw refused("APPLICATION_CRL_MISSING", `There is no ${join(source, CRL_FILE)}`);
  return { caPem, crlPem };
}

async function judge(
  { caPem, crlPem }: Offer,
  served: readonly BundledAuthority[],
  deps: ApplicationAuthorityDeps,
  signal: AbortSignal,
): Promise<BundledAuthority[]> {
  const now = deps.now();
  assertPem(caPem, "CERTIFICATE", "APPLICATION_CA_BROKEN", join(deps.source, CA_FILE));
  assertPem(crlPem, "X509 CRL", "APPLICATION_CRL_BROKEN", join(deps.source, CRL_FILE));
  for (const certificate of readCertificates(caPem)) assertAuthority(certificate, now);
  const offered = distinct(await matchOffered(caPem, crlPem, deps, signal));
  for (const authority of offered) assertList(authority, served, now);
  await assertServerTakesThem(offered, deps, signal);
  return offered;
}

function readCertificates(caPem: string) {
  try {
    return certificatesOf(caPem);
  } catch (cause) {
    throw new OperatorError("APPLICATION_CA_BROKEN", "The application's authority cannot be read.", {
      remedy: "Have the application write it again. Until then what was good last stays in service.",
      cause,
    });
  }
}

async function matchOffered(caPem: string, crlPem: string, deps: OpensslDeps, signal: AbortSignal) {
  try {
    return await matchLists(caPem, crlPem, deps, signal);
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== "CRL_BROKEN") throw error;
    throw refused("APPLICATION_CRL_BROKEN", "The application's revocation list cannot be read");
  }
}

const distinct = (authorities: readonly BundledAuthority[]) => [
  ...new Map(authorities.map((one) => [one.certificate.fingerprint256, one])).values(),
];

/** Whatever was not thought of above, such as an unknown critical extension: openssl judges as nginx will. */
async function assertServerTakesThem(
  offered: readonly BundledAuthority[],
  deps: ApplicationAuthorityDeps,
  signal: AbortSignal,
) {
  await withOpenssl(deps, signal, async (place) => {
    for (const authority of offered) {
      const { certificate } = authority;
      // One that signed itself stands alone: beside another of the same name openssl may try the wrong one.
      const known = bundleOf(certificate.checkIssued(certificate) ? [authority] : offered)!;
      const why = await whyRefused(place, certificate.toString(), known, deps.now());
      if (why === null) continue;
      const nobody = `No certificate of the application's authority ${certificate.serialNumber} would be accepted`;
      throw refused("APPLICATION_CA_BROKEN", `${nobody}: ${why}`);
    }
  });
}

const keptFile = (folder: string, name: string) => join(folder, "current", name);

/** Returns why it could not: what was judged good is served all the same, since a revocation does not wait for room on a disk. */
async function keep({ caPem, crlPem }: ClientBundle, folder: string): Promise<Failure | null> {
  const attributes = { mode: 0o644 };
  const files = new Map([
    [CA_FILE, { data: caPem, ...attributes }],
    [CRL_FILE, { data: crlPem, ...attributes }],
  ]);
  try {
    await ensureDirectory(folder, { mode: 0o700 });
    await publishGeneration(folder, files);
    return null;
  } catch (error) {
    if (error instanceof OperatorError) return toFailure(error);
    throw error;
  }
}

/** What was good last; nothing when there was none, or when it was damaged since: the next good one takes its place. */
async function readKept(deps: ApplicationAuthorityDeps, signal: AbortSignal): Promise<BundledAuthority[]> {
  try {
    const caPem = await readFile(keptFile(deps.folder, CA_FILE), "latin1");
    const crlPem = await readFile(keptFile(deps.folder, CRL_FILE), "latin1");
    return await matchLists(caPem, crlPem, deps, signal);
  } catch (error) {
    const damaged = error instanceof OperatorError ? error.code === "CRL_BROKEN" : isOpensslError(error);
    if (damaged || isSystemError(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** What node:crypto throws for a certificate that it cannot read. */
const isOpensslError = (error: unknown) =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_OSSL");
