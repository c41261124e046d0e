import { createHash, randomBytes } from "node:crypto";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { createAccountKey } from "@appliance/acme";
import { OperatorError } from "@appliance/errors";
import { ensureDirectory, writeFileDurable } from "@appliance/files";
import * as z from "zod";
import { readSmallFile } from "./small-file.ts";

/** An order under way: what is needed to have its certificate after a crash. */
const KeptOrder = z.object({
  directoryUrl: z.string(),
  names: z.array(z.string()),
  keyPem: z.string(),
  /** DER in base64. */
  csr: z.string(),
  /** Null until the authority has named it. */
  url: z.string().nullable(),
});
export type KeptOrder = z.infer<typeof KeptOrder>;

/** What `acme/` holds beside the state of renewals. */
export interface AcmeFiles {
  lockPath: string;
  /** The key of the account at this authority; made and kept when there is none. */
  accountKey(directoryUrl: string): Promise<string>;
  /** Puts the key of an account that was ended aside, so that the next one is new. */
  setAccountAside(directoryUrl: string): Promise<void>;
  /** Undefined when there is none that can be read. */
  order(): Promise<KeptOrder | undefined>;
  keepOrder(order: KeptOrder): Promise<void>;
  dropOrder(): Promise<void>;
  /**
   * Sees that there is room for a certificate before one is ordered, by taking it.
   * @throws OperatorError `DISK_FULL`
   */
  reserve(): Promise<void>;
  /** Does the work; on a full disk, once more with the room that was reserved. */
  withReserve<T>(work: () => Promise<T>): Promise<T>;
}

const PRIVATE_FILE = { mode: 0o600 };
/** Key, chain and what is known of them take less, with the folder and its entries. */
const RESERVE_BYTES = 64 * 1024;

/** @param folder such as `/data/etc/certificates/acme` */
export function createAcmeFiles(folder: string): AcmeFiles {
  const orderPath = join(folder, "order.json");
  const reservePath = join(folder, "reserve");
  const accountPath = (directoryUrl: string) => join(folder, `account-${digest(directoryUrl)}.pem`);
  const write = async (path: string, data: string | Uint8Array) => {
    await ensureDirectory(folder, { mode: 0o700 });
    await writeFileDurable(path, data, PRIVATE_FILE);
  };
  return {
    lockPath: join(folder, "lock"),
    async accountKey(directoryUrl) {
      const path = accountPath(directoryUrl);
      const kept = await readSmallFile(path);
      if (typeof kept === "string" && kept.includes("PRIVATE KEY")) return kept;
      if (kept !== undefined) await setAside(path);
      const key = createAccountKey();
      await write(path, key);
      return key;
    },
    setAccountAside: (directoryUrl) => setAside(accountPath(directoryUrl)),
    async order() {
      const text = await readSmallFile(orderPath);
      return typeof text === "string" ? parseOrder(text) : undefined;
    },
    keepOrder: (order) => write(orderPath, JSON.stringify(order)),
    dropOrder: () => rm(orderPath, { force: true }),
    async reserve() {
      const kept = await readSmallFile(reservePath);
      // Random, since a file system that compresses would reserve nothing.
      if (typeof kept !== "string" || kept.length < RESERVE_BYTES) await write(reservePath, randomBytes(RESERVE_BYTES));
    },
    async withReserve(work) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof OperatorError) || error.code !== "DISK_FULL") throw error;
        await rm(reservePath, { force: true });
        return work();
      }
    },
  };
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);

async function setAside(path: string): Promise<void> {
  await rename(path, `${path}.ended`);
}

function parseOrder(text: string): KeptOrder | undefined {
  try {
    return KeptOrder.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // a new one is ordered
  }
}
