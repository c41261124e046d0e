import { type Host, startHost } from "../../../tools/lab/index.ts";

/** A virtual host that does nothing but keep backups for an account, over sftp. */
export interface Storage {
  host: Host;
  /** With the account and its password, which has signs that a URL must spell otherwise. */
  url: (folder: string) => string;
  /** Its lines of known_hosts. */
  knownHosts: string;
  /** Refuses connections, as a storage does that was switched off, and is back. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

const PASSWORD = "s3cret/with:signs";

export async function startStorage(name: string): Promise<Storage> {
  const host = await startHost({ name, image: "bare" });
  const sh = (script: string, input = "") => host.exec(["sh", "-c", script], { input });
  await sh("useradd --create-home backup-account && chpasswd", `backup-account:${PASSWORD}\n`);
  await sh("systemctl enable --now ssh");
  const { stdout } = await sh(`awk '{ print "${host.domain}", $1, $2 }' /etc/ssh/ssh_host_*_key.pub`);
  return {
    host,
    url: (folder) => `sftp://backup-account:${encodeURIComponent(PASSWORD)}@${host.domain}/${folder}`,
    knownHosts: stdout,
    stop: async () => void (await sh("systemctl stop ssh.socket ssh.service")),
    start: async () => void (await sh("systemctl start ssh.service")),
  };
}
