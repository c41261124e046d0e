import { join } from "node:path";
import { ensureDirectory, readIfThere, writeFileDurable } from "@appliance/files";
import * as z from "zod";

const Ledger = z.object({
  /** Fulls that this engine began, as stamps. Chains of other programs are restored but never continued. */
  ownChains: z.array(z.string()),
  /** Chains in which something was found damaged or missing, as stamps of their fulls. */
  damagedChains: z.array(z.string()),
  /** Files at the target that were right when they were last looked at. */
  files: z.record(z.string(), z.object({ size: z.number(), readAt: z.iso.datetime().optional() })),
  /** When the present run began to write; still there after a run that was killed. */
  startedAt: z.iso.datetime().optional(),
});

/** What is known of the target beyond what lies there. It may be lost: the next run then starts a new full. */
export type Ledger = z.infer<typeof Ledger>;

export interface LedgerFile {
  read(): Promise<Ledger>;
  write(ledger: Ledger): Promise<void>;
}

export function openLedger(archive: string): LedgerFile {
  const path = join(archive, "ledger.json");
  return {
    async read() {
      const parsed = Ledger.safeParse(toJson((await readIfThere(path)) ?? ""));
      return parsed.success ? parsed.data : { ownChains: [], damagedChains: [], files: {} };
    },
    async write(ledger) {
      await ensureDirectory(archive, { mode: 0o700 });
      await writeFileDurable(path, JSON.stringify(ledger), { mode: 0o600 });
    },
  };
}

function toJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
