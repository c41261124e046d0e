import { join } from "node:path";
import type { Target } from "../src/index.ts";
import type { TestHost } from "./test-host.ts";

const LOGIN = "backup-account";
export const ACCOUNT_PASSWORD = "s3cret/with:signs";

/** Targets that the suite can run on. `folder` is new for each. */
export const TARGETS = {
  file: ({ folder }: TestHost, name: string): Target => ({ url: `file://${join(folder, name)}` }),
  sftp: (host: TestHost, name: string): Target => ({
    url: `sftp://${LOGIN}:${encodeURIComponent(ACCOUNT_PASSWORD)}@127.0.0.1:2222/${name}`,
    knownHosts: knownHosts(host),
  }),
  scp: (host: TestHost, name: string): Target => ({
    url: `scp://${LOGIN}@127.0.0.1:2222/${name}`,
    password: ACCOUNT_PASSWORD,
    knownHosts: knownHosts(host),
  }),
  webdav: (_host: TestHost, name: string): Target => ({
    url: `webdav://${LOGIN}@127.0.0.1:8081/${name}`,
    password: ACCOUNT_PASSWORD,
  }),
  ftp: (_host: TestHost, name: string): Target => ({
    url: `ftp://${LOGIN}@127.0.0.1:2121/${name}`,
    password: ACCOUNT_PASSWORD,
  }),
} as const;

export type TargetName = keyof typeof TARGETS;

export const knownHosts = (host: TestHost) =>
  `[127.0.0.1]:2222 ${host.exec("cat", "/etc/ssh/ssh_host_ed25519_key.pub").split(" ").slice(0, 2).join(" ")}\n`;

/** Starts the servers of `targets`; sshd runs anyway. */
export function startServers(host: TestHost, targets: readonly TargetName[]): void {
  host.exec("mkdir", "-p", "/srv/store");
  const login = ["--user", LOGIN, "--pass", ACCOUNT_PASSWORD];
  if (targets.includes("webdav"))
    host.serve("rclone", "serve", "webdav", "/srv/store", "--addr", "127.0.0.1:8081", ...login);
  if (targets.includes("ftp")) host.serve("rclone", "serve", "ftp", "/srv/store", "--addr", "127.0.0.1:2121", ...login);
}
