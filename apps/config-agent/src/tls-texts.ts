import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { isPem, tlsCertificateFault, tlsKeyFault, tlsPairFault, type Env, type Problem } from "@appliance/env";
import { isSystemError, OperatorError } from "@appliance/errors";
import type { YamlDocument } from "@appliance/yaml11";
import { PATHS } from "./paths.ts";
import type { RootFiles } from "./root-files.ts";

/** The PEM texts of `appliance:ssl`; those that env.yml names as files are read. */
export interface TlsTexts {
  given: { key: string; certificate: string } | null;
  /** What the TLS of the authority is checked with. */
  authority: string | null;
}

interface Setting {
  path: string[];
  value: string | undefined;
  faultOf: (pem: string) => string | undefined;
}

/** Reads what env.yml names; problems stand where the names do. */
export async function readTlsTexts(
  { env, document }: { env: Env; document: YamlDocument },
  files: Pick<RootFiles, "locate">,
): Promise<{ texts: TlsTexts; problems: Problem[] }> {
  const { key, cert, letsencrypt } = env.appliance.ssl;
  const problems: Problem[] = [];
  const complain = (path: string[], fault: string) =>
    problems.push(problemAt(["appliance", "ssl", ...path], fault, document));
  const read = async ({ path, value, faultOf }: Setting): Promise<string | null> => {
    if (value === undefined || isPem(value)) return value ?? null;
    const found = await readNamed(value, faultOf, files);
    if ("fault" in found) complain(path, found.fault);
    return "pem" in found ? found.pem : null;
  };
  const keyPem = await read({ path: ["key"], value: key, faultOf: tlsKeyFault });
  const certificate = await read({ path: ["cert"], value: cert, faultOf: tlsCertificateFault });
  const authority = await read({ path: ["letsencrypt", "ca"], value: letsencrypt.ca, faultOf: tlsCertificateFault });
  const mismatch = keyPem && certificate ? tlsPairFault(keyPem, certificate) : undefined;
  if (mismatch) complain(["cert"], mismatch);
  return { texts: { given: keyPem && certificate ? { key: keyPem, certificate } : null, authority }, problems };
}

/** Of cert-agent's slice. */
interface ToldOfTls extends Pick<TlsTexts, "given"> {
  acme: { ca: string | null } | null;
}

/** What cert-agent was told last; undefined before it was told anything. */
export async function lastTlsTexts(files: Pick<RootFiles, "read">): Promise<TlsTexts | undefined> {
  const text = await files.read(`${PATHS.slices}/cert-agent/env.json`);
  if (!text) return undefined;
  const { given, acme } = JSON.parse(text.toString("utf8")) as ToldOfTls;
  return { given, authority: acme?.ca ?? null };
}

function problemAt(path: string[], message: string, document: YamlDocument): Problem {
  const remedy = "Put the right file there, or write the PEM text into env.yml.";
  return {
    severity: "error",
    file: document.file,
    ...document.positionOf(path),
    path: path.join(":"),
    message,
    remedy,
  };
}

type Read = { pem: string } | { fault: string };

async function readNamed(name: string, faultOf: Setting["faultOf"], files: Pick<RootFiles, "locate">): Promise<Read> {
  const found = await readInEtc(name, files);
  if ("fault" in found) return { fault: `${shown(name)} ${found.fault}` };
  const fault = isPem(found.pem) ? faultOf(found.pem) : "is no PEM text";
  return fault === undefined ? found : { fault: `${shown(name)} ${fault}` };
}

/** `/app/etc` leads to `/data/etc`, and the first apply makes the link. */
const BELOW_ETC = /^\/(?:app|data)\/etc\//;

const shown = (name: string) => (name.startsWith("/") ? name : `/app/etc/${name}`);

/** Where cert-agent puts what it serves: named here, it would be given what it had chosen before. */
const OF_CERT_AGENT = /^(?:certificates\/.*|server\.key\.pem|server\.cert\.pem|crl\.pem)$/;

async function readInEtc(name: string, files: Pick<RootFiles, "locate">): Promise<Read> {
  const below = name.replace(BELOW_ETC, "");
  if (below.startsWith("/")) return { fault: "is not below /app/etc" };
  if (OF_CERT_AGENT.test(below)) return { fault: "is where the appliance puts its own; give yours another name" };
  try {
    const folder = await files.locate(PATHS.etc);
    const path = await files.locate(`${PATHS.etc}/${below}`);
    return path.startsWith(`${folder}/`) ? await readRegular(path) : { fault: "leads out of /app/etc" };
  } catch (err) {
    if (isSystemError(err, "ENOENT")) return { fault: "does not exist" };
    if (err instanceof OperatorError)
      return { fault: err.code === "PATH_MISSING" ? "does not exist" : `cannot be read: ${err.message}` };
    throw err;
  }
}

/** A chain of many certificates is still far below. */
const LONGEST = 256 * 1024;

/** Opened without waiting: a pipe in its place must not hold an apply up. */
async function readRegular(path: string): Promise<Read> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stats = await file.stat();
    if (!stats.isFile()) return { fault: "is no file" };
    if (stats.size > LONGEST) return { fault: `is longer than ${LONGEST / 1024} KiB` };
    return { pem: await file.readFile("utf8") };
  } finally {
    await file.close();
  }
}
