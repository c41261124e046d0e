import { lstat } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import type { Source } from "./engine.ts";
import { failure } from "./failures.ts";

/** duplicity takes a path that does not exist for one without files. @throws OperatorError `BACKUP_SOURCE_MISSING`. */
export async function requireSource({ root, paths }: Source): Promise<void> {
  for (const path of paths.map((name) => join(root, name))) {
    await lstat(path).catch((error: unknown) => {
      throw isSystemError(error, "ENOENT", "ENOTDIR") ? failure("BACKUP_SOURCE_MISSING", "", path, error) : error;
    });
  }
}
