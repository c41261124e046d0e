import type { Part } from "../bench.ts";
import { acme } from "./acme.ts";
import { apply } from "./apply.ts";
import { backup, backupOverSftp } from "./backup.ts";
import { backupSpace } from "./backup-space.ts";
import { backupUnchanged } from "./backup-unchanged.ts";
import { bootstrap } from "./bootstrap.ts";
import { crl } from "./crl.ts";
import { crlReload } from "./crl-reload.ts";
import { envCheck } from "./env-check.ts";
import { flatten } from "./flatten.ts";
import { memory } from "./memory.ts";
import { nginx } from "./nginx.ts";
import { packageAndBack } from "./package.ts";
import { recovery } from "./recovery.ts";
import { renewals } from "./renewals.ts";
import { reloads } from "./reloads.ts";
import { start } from "./start.ts";
import { testssl } from "./testssl.ts";

/** In the order in which they run. */
export const PARTS: Readonly<Record<string, Part>> = {
  flatten,
  "env-check": envCheck,
  package: packageAndBack,
  crl,
  acme,
  renewals,
  backup,
  "backup-sftp": backupOverSftp,
  "backup-unchanged": backupUnchanged,
  "backup-space": backupSpace,
  recovery,
  apply,
  nginx,
  reloads,
  "crl-reload": crlReload,
  testssl,
  memory,
  start,
  bootstrap,
};
