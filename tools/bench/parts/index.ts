import type { Figure } from "../figure.ts";
import type { Appliance } from "../appliance.ts";
import { acme } from "./acme.ts";
import { apply } from "./apply.ts";
import { bootstrap } from "./bootstrap.ts";
import { crl } from "./crl.ts";
import { crlReload } from "./crl-reload.ts";
import { envCheck } from "./env-check.ts";
import { flatten } from "./flatten.ts";
import { memory } from "./memory.ts";
import { nginx } from "./nginx.ts";
import { packageAndBack } from "./package.ts";
import { renewals } from "./renewals.ts";
import { reloads } from "./reloads.ts";
import { start } from "./start.ts";
import { testssl } from "./testssl.ts";

export interface Bench {
  /** The bench's own appliance, started by the first part that needs one. */
  appliance: () => Promise<Appliance>;
  /** Build everything that can be built, instead of beginning with what this machine has. */
  full: boolean;
}

export type Part = (bench: Bench) => Promise<Figure[]>;

/** In the order in which they run. */
export const PARTS: Readonly<Record<string, Part>> = {
  flatten,
  "env-check": envCheck,
  package: packageAndBack,
  crl,
  acme,
  renewals,
  apply,
  nginx,
  reloads,
  "crl-reload": crlReload,
  testssl,
  memory,
  start,
  bootstrap,
};
