import { watch, type FSWatcher } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname } from "node:path";

/** Changes inside a bind mount, and a folder that comes late, are not always told. A look costs one stat(2). */
const POLL_MS = 3000;

export interface FileWatch {
  close(): void;
}

/**
 * Calls `changed` once at the start and whenever another file stands at `path`, or none any more, one call after the other. The folder is
 * watched, not the file: a replaced file is another one. The first call is over when this returns.
 */
export async function watchFile(path: string, changed: () => Promise<void>): Promise<FileWatch> {
  let seen: string | undefined;
  let last: Promise<void> = Promise.resolve();
  const compare = async (): Promise<void> => {
    const found = await identityOf(path);
    if (found === seen) return;
    seen = found;
    await changed();
  };
  const look = (): Promise<void> => {
    last = last.then(compare);
    return last;
  };
  const folder = watchFolder(dirname(path), () => void look());
  const timer = setInterval(() => {
    folder.attach();
    void look();
  }, POLL_MS);
  await look();
  return {
    close() {
      clearInterval(timer);
      folder.close();
    },
  };
}

/** What differs between two files at one path; empty where none is. */
async function identityOf(path: string): Promise<string> {
  try {
    const { ino, mtimeNs, size } = await stat(path, { bigint: true });
    return `${ino} ${mtimeNs} ${size}`;
  } catch {
    return ""; // whoever reads the file finds out why
  }
}

function watchFolder(dir: string, onEvent: () => void) {
  let watcher: FSWatcher | undefined;
  const close = () => {
    watcher?.close();
    watcher = undefined;
  };
  const attach = () => {
    if (watcher) return;
    try {
      watcher = watch(dir, onEvent);
      watcher.on("error", close); // the folder went away: the next poll attaches again
    } catch {
      watcher = undefined; // not there yet: the next poll tries again
    }
  };
  attach();
  return { attach, close };
}
