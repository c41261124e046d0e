import { toEnvSource, type EnvSource } from "./env-source.ts";
import { PATHS } from "./paths.ts";
import type { RootFiles } from "./root-files.ts";

/** Read by root alone: it holds every secret. */
export const ACTIVE_ENV_ATTRIBUTES = { mode: 0o600, uid: 0, gid: 0 } as const;

/** Which env.yml is active: `/run/active-env.yml`, and beside it, in a file of its own, where it came from. */
export interface ActiveEnv {
  /** Null before the first apply. The source is the file itself where an operator put it there by hand. */
  read(): Promise<EnvSource | null>;
  /** Makes an env.yml that was checked the active one; the next apply carries it out. */
  activate(source: EnvSource): Promise<void>;
}

export function createActiveEnv(files: RootFiles): ActiveEnv {
  return {
    async read() {
      const text = await files.read(PATHS.activeEnv);
      if (!text) return null;
      const name = (await files.read(PATHS.activeSource))?.toString("utf8").trim() || PATHS.activeEnv;
      return toEnvSource(name, text);
    },
    async activate({ name, text }) {
      await files.write(PATHS.activeSource, `${name}\n`, ACTIVE_ENV_ATTRIBUTES);
      await files.write(PATHS.activeEnv, text, ACTIVE_ENV_ATTRIBUTES);
    },
  };
}
