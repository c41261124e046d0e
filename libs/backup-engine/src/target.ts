import { OperatorError } from "@appliance/errors";

/** Where a backup goes, as env.yml has it. */
export interface Target {
  /** As duplicity(1) writes URLs; for restic also `smb://`, `rclone+ssh://`, `rest:http…` and `s3:http…`. It may hold a user and a password. */
  url: string;
  /** In place of a password in the URL. */
  password?: string;
  /** Lines of known_hosts, for sftp and scp. */
  knownHosts?: string;
  /** A private key of ssh without passphrase. */
  sshKey?: string;
  /** Credentials that a program wants in its environment: names of `CREDENTIALS` alone. */
  environment?: Readonly<Record<string, string>>;
  /** The account cannot delete: what is old is removed elsewhere, pruning here is skipped, and each run of restic tries to. */
  appendOnly?: boolean;
}

/** A URL in parts, user and password decoded. */
export interface TargetUrl {
  scheme: string;
  user: string | undefined;
  password: string | undefined;
  host: string;
  port: number | undefined;
  /** With its leading slash; a second slash makes it absolute where the server has a home folder. */
  path: string;
  /** Names the target in messages; holds neither user nor password. */
  label: string;
}

const URL_PARTS =
  /^(?<scheme>[a-z][a-z0-9+]*):\/\/(?:(?<user>[^:@/?#]*)(?::(?<password>[^@/?#]*))?@)?(?<host>\[[0-9a-f:.]+\]|[^/:@?#]*)(?::(?<port>\d{1,5}))?(?<path>\/[^?#]*)?$/i;

/** rest, s3 and rclone have addresses of their own behind the scheme. */
const OWN_ADDRESS = /^(?<scheme>rest|s3|rclone):(?<address>(?!\/\/).+)$/;

/** Adapters put these into quotes for ssh, rclone and lftp, or into a list of commands. */
// oxlint-disable-next-line no-control-regex -- control characters are what is refused
const UNSAFE = /['"`\\\s\u0000-\u001f\u007f]/;

/** The parts of `target.url`. @throws OperatorError `BACKUP_TARGET_INVALID`, which quotes the scheme alone. */
export function parseTarget({ url, password }: Target): TargetUrl {
  const own = OWN_ADDRESS.exec(url)?.groups;
  if (own) return parseOwnAddress(own["scheme"] ?? "", own["address"] ?? "");
  const parts = URL_PARTS.exec(url)?.groups;
  if (!parts) throw invalid("is no URL that backup programs take");
  const { scheme = "", host = "", path = "" } = parts;
  const secret = password ?? decode(parts["password"]);
  const user = decode(parts["user"]);
  for (const text of [user ?? "", host, decode(path) ?? ""])
    if (UNSAFE.test(text)) throw invalid(`holds a quote, a blank or a control character (${scheme})`);
  const port = parts["port"] === undefined ? undefined : Number(parts["port"]);
  if (host.startsWith("-")) throw invalid("names a host that begins with '-'");
  return {
    scheme: scheme.toLowerCase(),
    user,
    password: secret,
    host,
    port,
    path,
    label: `${scheme}://${host}${path}`,
  };
}

function parseOwnAddress(scheme: string, address: string): TargetUrl {
  if (UNSAFE.test(address)) throw invalid(`holds a quote, a blank or a control character (${scheme})`);
  const login = /^(?<before>https?:\/\/)(?<user>[^:@/]*):(?<password>[^@/]*)@(?<after>.*)$/.exec(address)?.groups;
  const path = login ? `${login["before"]}${login["after"]}` : address;
  const user = decode(login?.["user"]);
  const password = decode(login?.["password"]);
  return { scheme, user, password, host: "", port: undefined, path, label: `${scheme}:${path}` };
}

function decode(text: string | undefined): string | undefined {
  try {
    return text === undefined ? undefined : decodeURIComponent(text);
  } catch {
    throw invalid("holds a '%' that is not followed by two hexadecimal digits");
  }
}

/** What may stand in `environment`: other names could make a program load code. */
const CREDENTIALS = /^(AWS|AZURE|B2|SWIFT|OS|GOOGLE|CLOUDFILES|RCLONE_CONFIG)_[A-Z0-9_]+$/;

/** The credentials of `target` for a program's environment. @throws OperatorError `BACKUP_TARGET_INVALID` for another name. */
export function credentialsOf({ environment = {} }: Target): Record<string, string> {
  const stranger = Object.keys(environment).find((name) => !CREDENTIALS.test(name));
  if (stranger !== undefined) throw invalid(`has credentials named ${stranger}, which no backup program reads`);
  return { ...environment };
}

export const invalid = (why: string) =>
  new OperatorError("BACKUP_TARGET_INVALID", `The address of the backup target ${why}.`, {
    remedy: "Correct the target in env.yml: see docs/env.md, appliance:backup.",
  });
