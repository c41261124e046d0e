import { join } from "node:path";
import type { Target } from "../src/index.ts";
import type { TestHost } from "./test-host.ts";

export const ACCOUNT = "backup-account";
export const ACCOUNT_PASSWORD = "s3cret/with:signs";

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
} as const;

export type TargetName = keyof typeof TARGETS;

const withPassword = (url: string): Target => ({ url, password: ACCOUNT_PASSWORD });

/** Where the container has the folder of a target of that name, to do harm to it. */
export const PLACES: Readonly<Record<Exclude<TargetName, "file">, string>> = {
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
  webdav: [8081, "rclone", "serve", "webdav", "/srv/store", "--addr", "127.0.0.1:8081", ...UNCACHED, ...LOGIN],
};

/** Starts the servers of `targets`, and waits until each answers. */
export async function startServers(host: TestHost, targets: readonly TargetName[]): Promise<void> {
  host.exec("mkdir", "-p", "/srv/store");
  for (const [port, ...command] of targets.flatMap((name) => (SERVERS[name] ? [SERVERS[name]] : []))) {
    host.serve(...command);
    await host.listening(port);
  }
}
