import type { RunCommand } from "@appliance/command";
import type { Point } from "../engine.ts";
import type { Recent } from "../recent.ts";
import type { Target, TargetUrl } from "../target.ts";
import type { Location } from "./location.ts";

/** What every call of restic for one target needs. */
export interface ResticContext {
  run: RunCommand;
  now: () => Date;
  target: Target;
  url: TargetUrl;
  location: Location;
  passwordFile: string;
  scratch: string;
  temporary: string;
  archive: string;
  /** Of this host, as restic writes it into locks. It must be another on every host that shares the repository. */
  hostName: string;
  /** The points that the target listed right after a backup of this engine. */
  recent: Recent<readonly Point[]>;
  stallMs: number | undefined;
}
