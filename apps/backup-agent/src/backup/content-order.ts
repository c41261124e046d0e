import * as z from "zod";
import type { Apart } from "../apart.ts";
import { SealSecrets } from "../seal-secrets.ts";

const count = z.int().min(0);
const Amount = z.object({ files: count, bytes: count });
const Failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

/** What the process that makes a backup's content is told, on its standard input. */
export const ContentOrder = z.object({
  version: z.string(),
  dataDir: z.string(),
  stateDir: z.string(),
  databaseSocketDir: z.string(),
  /** Private and in memory. */
  scratchDir: z.string(),
  /** Private and on a disk: the list of files is sorted there. */
  temporaryDir: z.string(),
  sealSecrets: SealSecrets,
  envFingerprint: z.string(),
  lossAccepted: z.boolean(),
  neverSaved: z.boolean(),
});
export type ContentOrder = z.infer<typeof ContentOrder>;

/** What is there to be saved. */
export const Content = z.object({
  source: Amount,
  dumpBytes: count,
  /** Whether old backups may go. */
  purge: z.boolean(),
  alerts: z.array(Failure),
});
export type Content = z.infer<typeof Content>;

/** `makeContent` in a process of its own. */
export const CONTENT: Apart<ContentOrder, Content> = { argument: "make-content", order: ContentOrder, result: Content };
