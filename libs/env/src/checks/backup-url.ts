import { suggest } from "@appliance/errors";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

/** What duplicity 3.0 registers for URLs with a host, as in `sftp://user@host/path`. */
// oxfmt-ignore
const HOST_SCHEMES = [
  "fish", "ftp", "ftpes", "ftps", "gdata+gdocs", "gdocs", "gdrive", "hsi", "http", "https", "imap", "imaps", "lftp+fish",
  "lftp+ftp", "lftp+ftpes", "lftp+ftps", "lftp+http", "lftp+https", "lftp+sftp", "lftp+webdav", "lftp+webdavs", "mega",
  "megav2", "megav3", "ncftp+ftp", "paramiko+scp", "paramiko+sftp", "pexpect+scp", "pexpect+sftp", "pydrive",
  "pydrive+gdocs", "rsync", "scp", "sftp", "webdav", "webdavs",
];

/** The same for URLs whose first part is a bucket, a container or a folder. */
// oxfmt-ignore
const OTHER_SCHEMES = [
  "ad", "azure", "b2", "boto3+s3", "box", "cf+http", "cf+hubic", "dpbx", "file", "idrived", "jottacloud", "mf", "multi",
  "onedrive", "pca", "rclone", "s3", "slate", "swift", "sx", "tahoe", "xorriso",
];

/** What the engine restic reaches: by itself, or through rclone. */
// oxfmt-ignore
export const RESTIC_SCHEMES = [
  "file", "ftp", "ftpes", "ftps", "paramiko+scp", "paramiko+sftp", "pexpect+scp", "pexpect+sftp", "rclone", "rclone+ssh", "rest", "s3",
  "scp", "sftp", "smb", "webdav", "webdavs",
];

/** Those with a host that duplicity does not have. */
const RESTIC_HOST_SCHEMES = ["rclone+ssh", "smb"];

/** What duplicity writes with `//` and restic in a way of its own. */
export const DUPLICITY_ONLY_FORMS: Readonly<Record<string, string>> = {
  rclone: "rclone:remote:folder",
  rest: "rest:https://host/folder",
  s3: "s3:https://host/bucket/folder",
};

/** What older duplicity had, each with what to write instead. */
const FORMER_SCHEMES: Record<string, string> = {
  copy: "the service has ended",
  "cloudfiles+http": "write cf+http://",
  ftpssl: "write ftps://",
  gs: "write s3:// with --s3-endpoint-url=https://storage.googleapis.com in appliance:backup:options",
  hubic: "write cf+hubic://",
  "s3+http": "write s3://",
  ssh: "write sftp://",
  u1: "the service has ended",
  "u1+http": "the service has ended",
};

/** What is mounted rather than reached by a URL. */
const MOUNTED = ["cifs", "nfs"];

/** Goes around the URL of another scheme, `par2+sftp://…`. */
const WRAPPER = /^par2\+/;

/** Addresses behind a scheme of restic's own. */
const OWN_ADDRESS = /^(?:rest:https?:\/\/.|s3:(?!\/\/).)/i;

/** `gio+` leaves the rest to GVfs, which has schemes of its own. */
const GVFS = /^gio\+/;

/** In small letters and without what goes around it; empty where there is none. */
export const schemeOf = (url: string): string =>
  (/^[a-z][a-z0-9+.-]*(?=:)/i.exec(url)?.[0] ?? "").toLowerCase().replace(WRAPPER, "");

/**
 * A URL as duplicity(1), section URL FORMAT, takes it, or as the engine restic does. Its messages quote the scheme alone: the rest may
 * hold a password.
 */
export function checkBackupUrl(url: string, place: Place): void {
  const rest = /^[a-z][a-z0-9+.-]*:(.*)$/i.exec(url)?.[1];
  if (rest === undefined)
    return place.error(`must be a URL with a scheme; a folder of this host is written file:///path`);
  const scheme = schemeOf(url);
  if (/[\s\\]/.test(rest)) return place.error("a URL has no blanks and no backslashes; write %20 and %5C");
  const isFormer = Object.hasOwn(FORMER_SCHEMES, scheme);
  if (isFormer) place.warning(`duplicity no longer has the scheme '${scheme}'; ${FORMER_SCHEMES[scheme]}`);
  if (scheme === "file") return checkFileUrl(rest, place);
  if (OWN_ADDRESS.test(url)) return;
  if (isFormer || GVFS.test(scheme) || [...HOST_SCHEMES, ...RESTIC_HOST_SCHEMES].includes(scheme))
    return checkAuthority(scheme, rest, place);
  if (OTHER_SCHEMES.includes(scheme) || scheme === "rest") return checkHasPath(scheme, rest, place);
  return refuseScheme(scheme, place);
}

function refuseScheme(scheme: string, place: Place): void {
  if (MOUNTED.includes(scheme)) {
    const how = "write file:///mnt/… here and the network folder into appliance:backup:mount";
    return place.error(`${scheme} is mounted: ${how}`);
  }
  const known = new Set([...HOST_SCHEMES, ...OTHER_SCHEMES, ...RESTIC_SCHEMES]);
  place.error(`unknown scheme ${quote(scheme)}`, { suggestion: suggest(scheme, [...known]) });
}

/** Folders of the host that backup-agent has; of /volatile it is the volume that is lost with the data. */
const VISIBLE = ["/mnt", "/media", "/srv", "/volatile"];

function checkFileUrl(rest: string, place: Place): void {
  if (!rest.startsWith("///")) return place.error("must have the absolute path of a folder: file:///path");
  if (rest.split("/").includes("..")) return place.error("a path with '..' is not taken");
  if (!VISIBLE.some((folder) => `${rest.slice(2)}/`.startsWith(`${folder}/`)))
    place.warning("is a folder that the backup cannot write to", {
      remedy: `It sees what is below ${VISIBLE.join(", ")}.`,
    });
}

function checkHasPath(scheme: string, rest: string, place: Place): void {
  if (!/^\/\/./.test(rest) && scheme !== "rclone") place.error(`must go on with //, as in ${scheme}://…`);
}

const AUTHORITY = /^\/\/(?:[^/?#]*@)?(?<host>\[[0-9a-f:.]+\]|[^/?#@:]*)(?<port>:[^/?#]*)?(?<path>[/?#].*)?$/i;

function checkAuthority(scheme: string, rest: string, place: Place): void {
  const { host = "", port, path = "" } = AUTHORITY.exec(rest)?.groups ?? {};
  if (host === "") return place.error(`must name a host, as in ${scheme}://user@host/path`);
  if (!/^[\p{L}\p{N}[]/u.test(host)) return place.error(`the name of the host must begin with a letter or digit`);
  if (port === undefined || isPort(port) || isRsyncModule(scheme, port)) return;
  const cut = path.includes("@") ? "; in a user name or password, / ? # are written %2F %3F %23" : "";
  place.error(`what stands behind the host's ':' is no port from 1 to 65535${cut}`);
}

const isPort = (port: string) =>
  /^:\d{1,5}$/.test(port) && Number(port.slice(1)) >= 1 && Number(port.slice(1)) <= 65535;

/** `rsync://host::module/path` speaks to an rsync daemon. */
const isRsyncModule = (scheme: string, port: string) => scheme === "rsync" && /^(?::\d{1,5})?::/.test(port);
