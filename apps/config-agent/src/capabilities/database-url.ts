import { randomBytes } from "node:crypto";
import { step, type Capability } from "../capability.ts";
import { DATABASE, ROLE } from "../database/database.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";

export const DATABASE_URL_FILE = `${PATHS.applicationEnv}/database_url.env`;
const PASSWORD_BYTES = 24;

/** The address and password of the database, made once and kept in a file (manual, 6.6). */
export function databaseUrlCapability(files: RootFiles): Capability {
  return {
    name: "database-url",
    title: "Preparing the database's password",
    async plan() {
      if ((await readDatabaseUrl(files)) !== null) return [];
      const summary = `Make a password for the role ${ROLE} and write ${DATABASE_URL_FILE}`;
      return [step({ capability: "database-url", summary })];
    },
    apply: () => writePassword(files),
  };
}

/** `DATABASE_URL` as the application gets it, or null before it was made. */
export async function readDatabaseUrl(files: RootFiles): Promise<string | null> {
  const text = (await files.read(DATABASE_URL_FILE))?.toString("utf8");
  return /^DATABASE_URL=(\S+)$/m.exec(text ?? "")?.[1] ?? null;
}

/** The role's password, or null before it was made. */
export async function readDatabasePassword(files: RootFiles): Promise<string | null> {
  const url = await readDatabaseUrl(files);
  return url === null ? null : decodeURIComponent(new URL(url).password);
}

/** Hexadecimal, because the file is also read by env_file and by shells, which each expand `$` in their own way. */
async function writePassword(files: RootFiles): Promise<void> {
  const password = randomBytes(PASSWORD_BYTES).toString("hex");
  await files.write(DATABASE_URL_FILE, `DATABASE_URL=postgres://${ROLE}:${password}@database:5432/${DATABASE}\n`, {
    mode: 0o600,
    uid: 0,
    gid: 0,
  });
}
