import { join } from "node:path";
import { runCommand } from "@appliance/command";
import {
  dumpDatabase,
  fingerprintEnv,
  indexFiles,
  writeManifest,
  type DatabaseAddress,
  type Keys,
  type Manifest,
} from "../src/index.ts";
import type { TestFolder } from "./source.ts";

export const VAULT = "ecs-storage-vault";

/** Dumps, lists and seals what is in `data` of the folder, as the agent does; what an engine restores is an exact copy. */
export async function backUp(folder: TestFolder, source: DatabaseAddress, keys: Keys): Promise<Manifest> {
  const root = folder.make("data");
  const dumps = folder.make("data/ecs-pgdump");
  const scratch = folder.make("scratch");
  const { at, database, dump } = await dumpDatabase(source, dumps, { run: runCommand, scratch });
  const lists = { run: runCommand, temporary: join(scratch, "lists") };
  const { index, folders } = await indexFiles(root, [VAULT, "etc"], dumps, lists);
  const facts = { appliance: "1.0.0", at: at.toISOString(), env: fingerprintEnv(keys, {}) };
  const manifest = { ...facts, database, dump, index, folders };
  await writeManifest(dumps, manifest, keys);
  return manifest;
}
