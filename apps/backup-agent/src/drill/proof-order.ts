import { Report } from "@appliance/backup-content";
import * as z from "zod";
import type { Apart } from "../apart.ts";
import { SealSecrets } from "../seal-secrets.ts";

const OpenPgpKey = z.string().min(1);

/** What a proof of a restored copy is told. */
export const ProofOrder = z.object({
  /** Where the copy lies. */
  root: z.string(),
  /** The instant of the backup. */
  of: z.iso.datetime(),
  restoreMs: z.number().min(0),
  /** Only a part was restored, for want of space. */
  partial: z.boolean(),
  /** Without one an older system made the backup. */
  hasManifest: z.boolean(),
  sealSecrets: SealSecrets,
  vaultKeys: z.object({ encrypt: OpenPgpKey, sign: OpenPgpKey }).nullable(),
  databaseLocale: z.string(),
  /** In memory, private, and below 70 characters. */
  scratch: z.string(),
  /** On a disk, and below 70 characters. */
  temporary: z.string(),
});
export type ProofOrder = z.infer<typeof ProofOrder>;

/** `proveRestored` in a process of its own. */
export const PROOF: Apart<ProofOrder, Report> = { argument: "prove-restored", order: ProofOrder, result: Report };
