import { join } from "node:path";
import type { Readable } from "node:stream";
import type { StoredFile } from "@appliance/backup-engine";
import { withPoint, type Choice, type ReadDeps } from "./choose-point.ts";
import { toBackupPoint } from "./points.ts";
import { openSpool } from "./spool.ts";

export interface FilesDeps extends ReadDeps {
  volatileDir: string;
}

/**
 * The files of one backup, those below a path alone if one is given, as lines of JSON: first `{ target, point }`, then each file as
 * `StoredFile` with its time as text. The list is whole when it begins.
 */
export async function listFiles(
  choice: Choice & { below: string },
  deps: FilesDeps,
  signal: AbortSignal,
): Promise<Readable> {
  const spool = await openSpool(join(deps.volatileDir, "temporary"));
  try {
    await withPoint(
      choice,
      deps,
      async ({ target, point, engine }) => {
        spool.write({ target: target.name, point: toBackupPoint(point) });
        const onFile = (file: StoredFile) => {
          if (isBelow(file.path, choice.below)) spool.write(file);
        };
        await engine.files(point.id, onFile, { signal });
      },
      signal,
    );
  } catch (err) {
    await spool.drop();
    throw err;
  }
  return spool.read();
}

function isBelow(path: string, folder: string): boolean {
  return folder === "" || path === folder || path.startsWith(`${folder}/`);
}
