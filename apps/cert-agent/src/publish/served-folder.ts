import { lstat, rm } from "node:fs/promises";
import { join } from "node:path";
import { ensureDirectory, publishGeneration, readIfThere, syncFolder, writeFileDurable } from "@appliance/files";
import { servedFilesOf, type TlsSet } from "./tls-set.ts";

/** What containers mount of the certificates in service: `/data/etc/server.cert.pem` and its like lead here. */
export interface ServedFolder {
  /** Brings it to this set. */
  write(set: TlsSet): Promise<void>;
  /** Since when containers may hold a certificate of before, which nobody was asked to mend yet; undefined when none do. */
  staleSince(): Promise<Date | undefined>;
  /** Those of this moment were seen to. */
  renewed(since: Date): Promise<void>;
}

/** Exists while containers that mounted a single file are still to be told; a queue that is away must not make us forget. */
const STALE = "mounts-to-renew";
const CURRENT = "current";

export function createServedFolder(dir: string): ServedFolder {
  const [stale, current] = [join(dir, STALE), join(dir, CURRENT)];
  const staleSince = async () => ((await isThere(stale)) ? (await lstat(current)).ctime : undefined);
  return {
    staleSince,
    async write(set) {
      // Others go through it to what they mount; the key guards itself.
      await ensureDirectory(dir, { mode: 0o755 });
      const before = await readIfThere(join(current, "server.cert.pem"));
      if (before !== set.server.chainPem) await writeFileDurable(stale, "", { mode: 0o600 });
      await publishGeneration(dir, servedFilesOf(set));
    },
    async renewed(since) {
      if ((await staleSince())?.getTime() !== since.getTime()) return; // replaced once more meanwhile
      await rm(stale, { force: true });
      await syncFolder(dir);
    },
  };
}

async function isThere(path: string): Promise<boolean> {
  return (await readIfThere(path)) !== undefined;
}
