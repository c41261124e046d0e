import type { RunCommand } from "@appliance/command";
import type { Recent } from "../recent.ts";
import type { SshFiles } from "../ssh.ts";
import type { Target, TargetUrl } from "../target.ts";
import type { GpgHome } from "./gpg-home.ts";
import type { DuplicityOptions } from "./options.ts";

/** Bytes by name of all files at a target; null where it does not tell. */
export type Listing = ReadonlyMap<string, number | null>;

/** What every call of duplicity for one target needs. */
export interface DuplicityContext {
  run: RunCommand;
  now: () => Date;
  target: Target;
  url: TargetUrl;
  gpg: GpgHome;
  ssh: SshFiles;
  options: DuplicityOptions;
  recent: Recent<Listing>;
  /** Path of `python/duplicity-remote` where the programs run. */
  remoteProgram: string;
  scratch: string;
  temporary: string;
  archive: string;
  stallMs: number | undefined;
}
