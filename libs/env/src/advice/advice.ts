import type { Path } from "@appliance/yaml11";
import type { Problem } from "../problem.ts";
import type { Env } from "../settings.ts";

/** What is right and could be better. It never refuses a file. Holds no secret. */
export interface Advice extends Omit<Problem, "severity"> {
  severity: "advice";
}

/** What else is known where the file is checked. */
export interface Facts {
  /** The permission bits of the file itself. */
  mode?: number;
  /** Whether a folder lies on the disk of the system or of its data; a folder that is not there, as its nearest one above. */
  isOnSystemDisk?: (path: string) => boolean;
}

export interface Remark {
  severity?: "advice" | "warning";
  path: Path;
  /** Of a text of several lines, counted from 1. */
  line?: number;
  message: string;
  remedy: string;
}

/** One point of view: what it has to say about an env.yml without errors. */
export type Adviser = (env: Env, facts: Facts) => Remark[];
