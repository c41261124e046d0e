import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkLegacy } from "../src/index.ts";
import { newTestFolder, type TestFolder } from "./source.ts";

/** The dump of a backup that the older system made. */
const DUMP = join(import.meta.dirname, "../vectors/legacy.pgdump.gz");
const DIGEST = {
  sql: "select count(*), md5(string_agg(id||ec_number||title,',' order by id)) from submission",
  expected: "150|cf475dd453fcad3dca7aa74daaca334c",
};

describe("checkLegacy", { timeout: 120_000 }, () => {
  let folder: TestFolder;
  beforeAll(() => {
    folder = newTestFolder();
    cpSync(DUMP, join(folder.make("restored/ecs-pgdump"), "ecs.pgdump.gz"));
    writeFileSync(join(folder.make("restored/ecs-storage-vault/0101"), "doc1.gpg"), "document");
  });
  afterAll(() => folder.remove());

  it("loads the dump of the older system without a manifest, and compares it by the digest of a table", async () => {
    const deps = { run: runCommand, scratch: folder.make("s"), temporary: folder.make("t"), now: () => new Date() };
    const locale = { collate: "C.UTF-8", ctype: "C.UTF-8" };
    const options = { vault: "ecs-storage-vault", dumpFolder: "ecs-pgdump", locale };
    const root = join(folder.path, "restored");
    const report = await checkLegacy(root, deps, { ...options, digests: [DIGEST] });
    expect(report).toMatchObject({ files: { found: 1, bytes: 8 }, database: { tables: 1, rows: 150 } });
    const other = { ...DIGEST, expected: "151|cf475dd453fcad3dca7aa74daaca334c" };
    await expect(checkLegacy(root, deps, { ...options, digests: [other] })).rejects.toMatchObject({
      code: "PROOF_ROWS_DIFFER",
    });
  });
});
