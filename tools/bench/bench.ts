import type { Appliance } from "./appliance.ts";
import type { Figure } from "./figure.ts";

/** What a part is given. */
export interface Bench {
  /** The bench's own appliance, started by the first part that needs one. */
  appliance: () => Promise<Appliance>;
  /** Build everything that can be built, instead of beginning with what this machine has. */
  full: boolean;
}

export type Part = (bench: Bench) => Promise<Figure[]>;
