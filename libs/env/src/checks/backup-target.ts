import { credentialsOf, parseTarget } from "@appliance/backup-engine/target";
import { OperatorError, suggest } from "@appliance/errors";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";
import { DUPLICITY_ONLY_FORMS, RESTIC_SCHEMES, schemeOf } from "./backup-url.ts";

export type BackupEngineName = "duplicity" | "restic";

/** What the checks look at of `appliance:backup` and of each of its further targets alike. */
interface CheckedTarget {
  engine: BackupEngineName;
  url: string;
  mount?: { target: string } | undefined;
}

/** The URL as its engine takes it, and below what is mounted for it. `mountPath` names the mount in a message. */
export function checkBackupTarget({ engine, url, mount }: CheckedTarget, mountPath: string, place: Place): void {
  const at = place.at("url");
  if (engine === "restic") checkResticUrl(url, at);
  else checkDuplicityUrl(url, at);
  if (mount && !`${url}/`.startsWith(`file://${mount.target}/`))
    at.warning(`does not lead below ${mountPath}:target, as in file://${mount.target}/folder`);
}

function checkDuplicityUrl(url: string, place: Place): void {
  const scheme = schemeOf(url);
  if (scheme === "smb")
    place.error("duplicity does not speak smb", {
      remedy: "Write file:///mnt/… here and the network folder into mount, or take the engine restic.",
    });
  if (scheme === "rest" || scheme === "rclone+ssh")
    place.error(`duplicity does not speak ${scheme}`, { remedy: "Take the engine restic." });
  if (scheme === "s3" && !/^s3:\/\//i.test(url))
    place.error("is restic's way to write it", {
      remedy: "Write s3:///bucket/folder, and --s3-endpoint-url=https://… into options.",
    });
}

/** An address of restic's is its own from the first version on, so that all that the engine refuses is an error. */
function checkResticUrl(url: string, place: Place): void {
  const scheme = schemeOf(url);
  const own = DUPLICITY_ONLY_FORMS[scheme];
  if (own !== undefined && /^\w+:\/\//.test(url)) return place.error(`is duplicity's way to write it; write ${own}`);
  if (!RESTIC_SCHEMES.includes(scheme))
    return place.error(`restic does not speak ${quote(scheme)}`, {
      suggestion: suggest(scheme, RESTIC_SCHEMES),
      remedy: `Take one of ${RESTIC_SCHEMES.join(", ")}, or the engine duplicity.`,
    });
  const fault = targetFault(url);
  if (fault) place.error(fault);
}

/** Why no engine takes an address, without a secret of it; undefined when one may. */
export function targetFault(url: string): string | undefined {
  return faultOf(() => parseTarget({ url }));
}

/** A name that a backup program reads credentials from; any other could make it load code. */
export function checkCredentialName(name: string, place: Place): void {
  const fault = faultOf(() => credentialsOf({ url: "", environment: { [name]: "" } }));
  if (fault !== undefined)
    place.error("is no name of credentials", {
      remedy: "Names begin with AWS_, AZURE_, B2_, SWIFT_, OS_, GOOGLE_, CLOUDFILES_ or RCLONE_CONFIG_.",
    });
}

export function faultOf(attempt: () => unknown): string | undefined {
  try {
    attempt();
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof OperatorError)) throw thrown;
    return thrown.message;
  }
}

/** The name of the target of `appliance:backup:url`. */
export const MAIN_TARGET = "main";

/** As `TargetName` of the job contracts: it names files, folders and metrics. */
export function checkTargetName(name: string, place: Place): void {
  if (name === MAIN_TARGET) place.error(`${MAIN_TARGET} is the target of appliance:backup:url; take another name`);
  else if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(name))
    place.error(`${quote(name)} must have 1 to 32 small letters, digits and '-', and not begin with '-'`);
}

const SHORTEST_PASSWORD = 16;

export function checkBackupPassword(password: string, place: Place): void {
  if (password.length < SHORTEST_PASSWORD)
    place.warning(`has less than ${SHORTEST_PASSWORD} characters, so that it can be guessed`, {
      remedy: "Take what this prints: openssl rand -base64 39",
    });
}
