import { join } from "node:path";

/** Where a recovery keeps things while it is under way: on the file system of the data, so that they are renamed into place. */
export interface Places {
  /** What was restored, each folder below its own name. */
  files: string;
  /** What stood in the way of it, such as settings that the preparation of the host made. */
  before: string;
  /** The dump as pg_restore reads it on all cores. */
  plainDump: string;
  restoreList: string;
}

export function placesIn(folder: string): Places {
  return {
    files: join(folder, "files"),
    before: join(folder, "before"),
    plainDump: join(folder, "plain.pgdump"),
    restoreList: join(folder, "restore.list"),
  };
}

/** Names of databases that belong to a recovery: the restored one, and an empty `ecs` that makes way for it. */
export const OWN_DATABASES = /^ecs_(?:restore|before)_[0-9a-f]{12}$/;
export const restoredDatabase = (id: string) => `ecs_restore_${id}`;
export const replacedDatabase = (id: string) => `ecs_before_${id}`;
