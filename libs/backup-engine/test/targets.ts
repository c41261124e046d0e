import { join } from "node:path";
import type { Target } from "../src/index.ts";
import type { TestHost } from "./test-host.ts";

export const ACCOUNT = "backup-account";
export const ACCOUNT_PASSWORD = "s3cret/with:signs";

const S3_PORT = 5555;
export const S3 = `http://127.0.0.1:${S3_PORT}`;
const S3_LOGIN = {
  AWS_ACCESS_KEY_ID: "backup",
  AWS_SECRET_ACCESS_KEY: ACCOUNT_PASSWORD,
  AWS_DEFAULT_REGION: "us-east-1",
};

/** Targets that the suite can run on. `name` is that of a folder, new for each. */
export const TARGETS = {
  file: ({ folder }: TestHost, name: string): Target => ({ url: `file://${join(folder, name)}` }),
  sftp: (host: TestHost, name: string): Target => ({
    url: `sftp://${ACCOUNT}:${encodeURIComponent(ACCOUNT_PASSWORD)}@127.0.0.1:2222/${name}`,
    knownHosts: knownHosts(host),
  }),
  scp: (host: TestHost, name: string): Target => ({
    ...withPassword(`scp://${ACCOUNT}@127.0.0.1:2224/${name}`),
    knownHosts: knownHosts(host, 2224),
  }),
  ftp: (_host: TestHost, name: string) => withPassword(`ftp://${ACCOUNT}@127.0.0.1:2121/${name}`),
  ftps: (_host: TestHost, name: string) => withPassword(`ftps://${ACCOUNT}@127.0.0.1:2990/${name}`),
  webdav: (_host: TestHost, name: string) => withPassword(`webdav://${ACCOUNT}@127.0.0.1:8081/${name}`),
  smb: (_host: TestHost, name: string) => withPassword(`smb://${ACCOUNT}@127.0.0.1:4450/backup/${name}`),
  s3: (_host: TestHost, name: string): Target => ({ url: `s3:${S3}/bucket/${name}`, environment: S3_LOGIN }),
  "boto3+s3": (_host: TestHost, name: string): Target => ({ url: `boto3+s3://bucket/${name}`, environment: S3_LOGIN }),
} as const;

export type TargetName = keyof typeof TARGETS;

const withPassword = (url: string): Target => ({ url, password: ACCOUNT_PASSWORD });

/** Where the container has the folder of a target of that name, to do harm to it. */
export const PLACES: Readonly<Record<Exclude<TargetName, "file" | "s3" | "boto3+s3">, string>> = {
  sftp: `/home/${ACCOUNT}`,
  scp: `/home/${ACCOUNT}`,
  ftp: `/home/${ACCOUNT}`,
  ftps: `/home/${ACCOUNT}`,
  webdav: "/srv/store",
  smb: "/srv/share",
};

export const knownHosts = (host: TestHost, port = 2222) =>
  `[127.0.0.1]:${port} ${host.exec("cat", "/etc/ssh/ssh_host_ed25519_key.pub").split(" ").slice(0, 2).join(" ")}\n`;

const LOGIN = ["--user", ACCOUNT, "--pass", ACCOUNT_PASSWORD];
/** rclone would not see for minutes what the tests do to its folder. */
const UNCACHED = ["--dir-cache-time", "0s"];

/** The port and the program of the server of a target; sshd runs anyway. */
const SERVERS: Readonly<Partial<Record<TargetName, readonly [port: number, ...command: string[]]>>> = {
  ftp: [2121, "vsftpd", "/etc/vsftpd.conf"],
  ftps: [2990, "vsftpd", "/etc/vsftpd-tls.conf"],
  smb: [4450, "smbd", "--foreground", "--no-process-group"],
  s3: [S3_PORT, "moto_server", "-H", "127.0.0.1", "-p", String(S3_PORT)],
  "boto3+s3": [S3_PORT, "moto_server", "-H", "127.0.0.1", "-p", String(S3_PORT)],
  webdav: [8081, "rclone", "serve", "webdav", "/srv/store", "--addr", "127.0.0.1:8081", ...UNCACHED, ...LOGIN],
};

/** Starts the servers of `targets`, and waits until each answers. */
export async function startServers(host: TestHost, targets: readonly TargetName[]): Promise<void> {
  host.exec("mkdir", "-p", "/srv/store");
  for (const [port, ...command] of targets.flatMap((name) => (SERVERS[name] ? [SERVERS[name]] : []))) {
    host.serve(...command);
    await host.listening(port);
  }
  if (targets.includes("boto3+s3")) onS3(host, "rclone mkdir s3:bucket");
}

/** How rclone finds the S3 server, as `s3:`. */
const RCLONE_S3 = {
  RCLONE_CONFIG: "/dev/null",
  RCLONE_CONFIG_S3_TYPE: "s3",
  RCLONE_CONFIG_S3_PROVIDER: "Other",
  RCLONE_CONFIG_S3_ENDPOINT: S3,
  RCLONE_CONFIG_S3_ENV_AUTH: "true",
  ...S3_LOGIN,
};

function onS3(host: TestHost, script: string) {
  const variables = Object.entries(RCLONE_S3).map(([name, value]) => `${name}=${value}`);
  host.exec("env", ...variables, "sh", "-ec", script);
}

/** Takes the last byte from one large file of the store `name`. */
export function cutOff(host: TestHost, kind: TargetName, name: string): void {
  if (kind === "s3" || kind === "boto3+s3") return cutOffOnS3(host, `s3:bucket/${name}`);
  const find = `find '${placeOf(host, kind)}/${name}' -size +200k -type f | sort | head -n 1`;
  host.exec("sh", "-c", `truncate --size=-1 "$(${find})"`);
}

function cutOffOnS3(host: TestHost, folder: string): void {
  const find = `rclone lsf --recursive --files-only --min-size 200k ${folder} | sort | head -n 1`;
  const back = `rclone copyto /tmp/cut "$file"`;
  onS3(host, `file="${folder}/$(${find})"; rclone cat "$file" > /tmp/cut; truncate --size=-1 /tmp/cut; ${back}`);
}

/** Removes the whole store `name`. */
export function removeAll(host: TestHost, kind: TargetName, name: string): void {
  if (kind === "s3" || kind === "boto3+s3") onS3(host, `rclone purge s3:bucket/${name}`);
  else host.exec("rm", "-rf", `${placeOf(host, kind)}/${name}`);
}

const placeOf = (host: TestHost, kind: Exclude<TargetName, "s3" | "boto3+s3">) =>
  kind === "file" ? host.folder : PLACES[kind];
