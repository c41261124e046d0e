import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OperatorError } from "@appliance/errors";
import { describeTree } from "./corpus.ts";
import { BUILD_MS, restored, type OpenEngine } from "./engine-suite.ts";
import { openDuplicity, openRestic } from "./open.ts";
import { newFolder, startTestHost, type TestHost } from "./test-host.ts";

/** How many places are tried for each engine; FLIPS=50 is for who has the time. */
const PLACES = Number(process.env["FLIPS"] ?? 6);

const ENGINES: readonly (readonly [string, OpenEngine])[] = [
  ["duplicity", openDuplicity],
  ["restic", (...args) => openRestic(...args)],
];

describe.each(ENGINES)("one flipped byte in what %s stored", { timeout: 120_000 * PLACES }, (_, open) => {
  let host: TestHost;
  let good: string;
  let tree: Map<string, string>;
  beforeAll(async () => {
    host = startTestHost();
    const root = newFolder(host, "data");
    const source = { root, paths: ["documents"] };
    writeFileSync(join(root, "documents"), randomBytes(400_000));
    good = join(host.folder, "good");
    const engine = await open(host, { url: `file://${good}` }, newFolder(host, "state"));
    await engine.backup(source, { create: true });
    writeFileSync(join(root, "documents"), randomBytes(100_000));
    await engine.backup(source);
    await engine.close();
    tree = describeTree(root);
  }, BUILD_MS);
  afterAll(() => host.stop());

  it(`never leads to a restore that ends well with other data, or fails though all was read well, at ${PLACES} places`, async ({
    annotate,
  }) => {
    const found: Record<string, number> = {};
    const wrong: string[] = [];
    for (const place of spreadPlaces(good, PLACES)) {
      const seen = await look(place);
      found[seen.finder] = (found[seen.finder] ?? 0) + 1;
      if (!seen.isRight) wrong.push(`${place.file} at ${place.share.toFixed(2)}: ${seen.finder}, ${seen.outcome}`);
    }
    await annotate(`found by: ${JSON.stringify(found)}`);
    expect(wrong).toEqual([]);
  });

  /** Who finds it: a restore, by one who knows nothing but the target, and reading everything. */
  async function look(place: Place) {
    const store = newFolder(host, "store");
    cpSync(good, store, { recursive: true });
    flip(join(store, place.file), place.share);
    const engine = await open(host, { url: `file://${store}` }, newFolder(host, "state"));
    const outcome = await restored(engine, host, undefined).catch((error: unknown) => error);
    const reading = await engine.verifyData({ everything: true }).catch((error: unknown) => error);
    await engine.close();
    rmSync(store, { recursive: true });
    const [byRestore, byReading] = [outcome instanceof OperatorError, reading instanceof OperatorError];
    const isSame = outcome instanceof Map && isEqual(outcome, tree);
    const finder = byReading ? (byRestore ? "both" : "reading") : byRestore ? "restore alone" : "neither";
    return { finder, outcome: String(outcome), isRight: byRestore ? byReading : isSame };
  }
});

interface Place {
  file: string;
  share: number;
}

/** Places in files of every kind, in turns, and in each of them at another share of its length. */
function spreadPlaces(folder: string, count: number): Place[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(folder, name)).isFile())
    .sort();
  const golden = (Math.sqrt(5) - 1) / 2;
  return Array.from({ length: count }, (_, n) => ({
    file: files[Math.floor((n * files.length) / Math.min(count, files.length)) % files.length] ?? "",
    share: (n * golden) % 1,
  }));
}

function flip(path: string, share: number) {
  const bytes = readFileSync(path);
  const place = Math.floor(bytes.length * share);
  bytes[place] = (bytes[place] ?? 0) ^ 4;
  rmSync(path); // restic's files are read-only
  writeFileSync(path, bytes);
}

const isEqual = (one: Map<string, string>, other: Map<string, string>) =>
  one.size === other.size && [...one].every(([name, what]) => other.get(name) === what);
