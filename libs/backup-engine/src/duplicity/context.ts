import type { RunCommand } from "@appliance/command";
import type { SshFiles } from "../ssh.ts";
import type { Target, TargetUrl } from "../target.ts";
import type { GpgHome } from "./gpg-home.ts";
import type { DuplicityOptions } from "./options.ts";
import type { RecentListing } from "./recent-listing.ts";

/** What every call of duplicity for one target needs. */
export interface DuplicityContext {
  run: RunCommand;
  now: () => Date;
  target: Target;
  url: TargetUrl;
  gpg: GpgHome;
  ssh: SshFiles;
  options: DuplicityOptions;
  recent: RecentListing;
  /** Path of `python/duplicity-remote` where the programs run. */
  remoteProgram: string;
  scratch: string;
  temporary: string;
  archive: string;
  stallMs: number | undefined;
}
