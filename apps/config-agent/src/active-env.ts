import { createHash } from "node:crypto";
import { PATHS } from "./paths.ts";
import type { RootFiles } from "./root-files.ts";

/** Which env.yml is active: `/run/active-env.yml`, and beside it, by memory of the last apply, where it came from. */
export interface ActiveEnv {
  read(): Promise<{ source: string; sha256: string } | null>;
  setSource(source: string): void;
}

export function createActiveEnv(files: RootFiles): ActiveEnv {
  let source: string = PATHS.activeEnv;
  return {
    async read() {
      const text = await files.read(PATHS.activeEnv);
      return text ? { source, sha256: createHash("sha256").update(text).digest("hex") } : null;
    },
    setSource: (name) => {
      source = name;
    },
  };
}
