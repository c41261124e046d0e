import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError, OperatorError } from "@appliance/errors";
import * as z from "zod";

/** Key and certificate of a user, and what opens them. */
export const ClientPackage = z.object({
  /** Base64. */
  pkcs12: z.string(),
  password: z.string(),
});
export type ClientPackage = z.infer<typeof ClientPackage>;

/** Packages until they are fetched: in memory, since a key of somebody else is nothing to keep. */
export interface Packages {
  put(serial: string, made: ClientPackage): Promise<void>;
  /** Hands it out and forgets it. @throws OperatorError `PACKAGE_GONE` the second time, after an hour and after a restart */
  take(serial: string): Promise<ClientPackage>;
  /** Forgets those that nobody fetched within an hour. */
  tidy(): Promise<void>;
}

const KEPT_MS = 3_600_000;
const SERIAL = /^[0-9A-F]{1,64}$/i;

/** Begins with none: whoever asked for one before a restart was told so. @param folder on a tmpfs */
export async function createPackages(folder: string, now: () => Date): Promise<Packages> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const pathOf = (serial: string) => join(folder, serial.toUpperCase());
  const isOver = async (path: string) => now().getTime() - (await stat(path)).mtimeMs > KEPT_MS;

  async function tidy() {
    for (const name of await readdir(folder)) {
      const path = join(folder, name);
      if (await isOver(path).catch(ifGone)) await rm(path, { force: true });
    }
  }

  return {
    tidy,
    put: (serial, made) => writeFile(pathOf(serial), JSON.stringify(made), { mode: 0o600 }),
    async take(serial) {
      if (!SERIAL.test(serial)) throw gone(serial);
      await tidy();
      const mine = `${pathOf(serial)}.taken`; // of two that ask at once, one gets to rename it
      try {
        await rename(pathOf(serial), mine);
        return ClientPackage.parse(JSON.parse(await readFile(mine, "utf8")));
      } catch (error) {
        if (isSystemError(error, "ENOENT")) throw gone(serial);
        throw error;
      } finally {
        await rm(mine, { force: true });
      }
    },
  };
}

function ifGone(error: unknown): boolean {
  if (isSystemError(error, "ENOENT")) return false;
  throw error;
}

function gone(serial: string): OperatorError {
  const shown = JSON.stringify(serial.slice(0, 64));
  return new OperatorError("PACKAGE_GONE", `The file of the client certificate ${shown} is not here (any more).`, {
    remedy: "It is handed out once, within an hour. Revoke the certificate and issue another one.",
  });
}
