import type { RunCommand } from "@appliance/command";
import { isSsh, type SshFiles } from "../ssh.ts";
import { credentialsOf, invalid, type Target, type TargetUrl } from "../target.ts";

/** How restic is told about a target: its name of the repository, options, and what only the environment may hold. */
export interface Location {
  repository: string;
  args: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** The program that restic starts to reach the target, and its arguments; with an empty input it only logs in. */
  login?: readonly [program: string, ...args: string[]];
}

const OBSCURE_MS = 30_000;

/** What rclone calls the target; its settings are in the environment, so there is no configuration file. */
const REMOTE = "target";

/** Where restic finds `target`: by itself on a disk, over ssh, in S3 and at a rest-server, through rclone elsewhere. */
export async function locate(run: RunCommand, target: Target, url: TargetUrl, ssh: SshFiles): Promise<Location> {
  const credentials = credentialsOf(target);
  const environment = { ...credentials, ...restLogin(url) };
  if (url.scheme === "file") return { repository: url.path, args: [], environment };
  if (url.scheme === RCLONE_OVER_SSH) return locateRcloneOverSsh(url, ssh, credentials);
  if (isSsh(url)) return locateSsh(url, ssh, credentials);
  if (url.scheme === "rest" || url.scheme === "s3")
    return { repository: `${url.scheme}:${url.path}`, args: [], environment };
  if (url.scheme === "rclone") return { repository: `rclone:${url.path}`, args: [], environment };
  return locateRclone(run, url, credentials);
}

function restLogin({ scheme, user, password }: TargetUrl): Record<string, string> {
  if (scheme !== "rest" || user === undefined) return {};
  return { RESTIC_REST_USERNAME: user, RESTIC_REST_PASSWORD: password ?? "" };
}

function locateSsh(url: TargetUrl, ssh: SshFiles, credentials: Record<string, string>): Location {
  const { command, environment } = sshCommand(url, ssh, credentials, ["-s", "sftp"]);
  // As duplicity reads it: one slash is below the home folder of the account, two are absolute.
  const path = url.path.startsWith("//") ? url.path : `/${url.path.replace(/^\//, "")}`;
  const repository = `sftp://${loginOf(url)}:${url.port ?? 22}${path}`;
  return { repository, args: ["-o", `sftp.command=${command.join(" ")}`], environment, login: command };
}

/** An account of ssh for which the server starts rclone, and nothing else: with `--append-only` it cannot delete. */
const RCLONE_OVER_SSH = "rclone+ssh";

function locateRcloneOverSsh(url: TargetUrl, ssh: SshFiles, credentials: Record<string, string>): Location {
  const { command, environment } = sshCommand(url, ssh, credentials, ["rclone"]);
  return {
    repository: `rclone:${url.path.replace(/^\//, "")}`,
    args: ["-o", `rclone.program=${command.join(" ")}`],
    environment,
  };
}

const loginOf = ({ user, host }: TargetUrl) => (user === undefined ? host : `${user}@${host}`);

/** ssh is started by restic, by words and without a shell. A password goes to it through sshpass and the environment. */
function sshCommand(
  url: TargetUrl,
  ssh: SshFiles,
  credentials: Record<string, string>,
  remote: readonly string[],
): { command: [string, ...string[]]; environment: Record<string, string> } {
  const { password, port = 22 } = url;
  const options = [
    `UserKnownHostsFile=${ssh.knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "ConnectTimeout=30",
    "ServerAliveInterval=60",
    "ServerAliveCountMax=3",
    ...(password === undefined ? ["BatchMode=yes"] : ["NumberOfPasswordPrompts=1"]),
    ...(ssh.key === undefined ? [] : [`IdentityFile=${ssh.key}`, "IdentitiesOnly=yes"]),
  ].flatMap((option) => ["-o", option]);
  const words = [...options, "-p", String(port), loginOf(url).replace(/[[\]]/g, ""), ...remote];
  if (password === undefined) return { command: ["ssh", ...words], environment: credentials };
  return { command: ["sshpass", "-e", "ssh", ...words], environment: { ...credentials, SSHPASS: password } };
}

type RcloneSettings = Record<string, string | undefined>;

/** Schemes that rclone speaks for restic. */
const RCLONE: Readonly<Record<string, (url: TargetUrl) => RcloneSettings>> = {
  ftp: (url) => ({ TYPE: "ftp", PORT: portOf(url, 21) }),
  // ftps begins with TLS, ftpes asks for it: as lftp, and so duplicity, has it.
  ftps: (url) => ({ TYPE: "ftp", PORT: portOf(url, 990), TLS: "true" }),
  ftpes: (url) => ({ TYPE: "ftp", PORT: portOf(url, 21), EXPLICIT_TLS: "true" }),
  webdav: (url) => ({ TYPE: "webdav", VENDOR: "other", URL: `http://${authority(url)}` }),
  webdavs: (url) => ({ TYPE: "webdav", VENDOR: "other", URL: `https://${authority(url)}` }),
  smb: (url) => ({ TYPE: "smb", PORT: portOf(url, 445) }),
};

const portOf = ({ port }: TargetUrl, usual: number) => String(port ?? usual);
const authority = ({ host, port }: TargetUrl) => (port === undefined ? host : `${host}:${port}`);

async function locateRclone(run: RunCommand, url: TargetUrl, credentials: Record<string, string>): Promise<Location> {
  const toSettings = RCLONE[url.scheme];
  if (!toSettings) throw invalid(`has the scheme ${url.scheme}, which restic cannot reach; use the duplicity engine`);
  const settings: RcloneSettings = {
    ...toSettings(url),
    HOST: url.host,
    USER: url.user,
    PASS: url.password === undefined ? undefined : await obscure(run, url.password),
  };
  const named = Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [[`RCLONE_CONFIG_${REMOTE.toUpperCase()}_${name}`, value] as const],
  );
  const environment = { RCLONE_CONFIG: "/dev/null", ...credentials, ...Object.fromEntries(named) };
  return { repository: `rclone:${REMOTE}:${url.path.replace(/^\//, "")}`, args: [], environment };
}

/** rclone takes no plain password from its settings. */
async function obscure(run: RunCommand, password: string): Promise<string> {
  const { stdout } = await run("rclone", ["obscure", "-"], {
    input: password,
    secrets: [password],
    timeoutMs: OBSCURE_MS,
    env: { RCLONE_CONFIG: "/dev/null" },
  });
  return stdout.trim();
}
