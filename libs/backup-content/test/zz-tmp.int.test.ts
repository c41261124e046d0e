import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, it } from "vitest";
import { APPLICATION, newTestFolder, startSource, type SourceDatabase, type TestFolder } from "./source.ts";
const DUMP_ONCE = join(import.meta.dirname, "dump-once.ts");
let folder: TestFolder;
let source: SourceDatabase;
beforeAll(async () => {
  folder = newTestFolder();
  source = await startSource(folder);
  await source.query(...APPLICATION);
});
afterAll(async () => {
  await source.stop();
  folder.remove();
});
it.each([
  ["", 40],
  ["1", 40],
])("x %s", { timeout: 400_000 }, (pool, rounds) => {
  const seen: Record<string, number> = {};
  for (let n = 0; n < rounds; n++) {
    const small = folder.make("small");
    const script = [
      `mount -t tmpfs -o size=200k none ${small}`,
      `echo old > ${small}/ecs.pgdump.gz`,
      `"$@" || true`,
      `cat ${small}/ecs.pgdump.gz; ls -A ${small}`,
    ].join(" && ");
    const command = [
      process.execPath,
      DUMP_ONCE,
      JSON.stringify({ address: source.address, folder: small, scratch: folder.make("scratch") }),
    ];
    const out = execFileSync("unshare", ["-m", "sh", "-c", script, "sh", ...command], {
      encoding: "utf8",
      env: pool ? { ...process.env, UV_THREADPOOL_SIZE: pool } : process.env,
    });
    seen[out] = (seen[out] ?? 0) + 1;
  }
  console.log(`pool ${pool}`, JSON.stringify(seen));
});
