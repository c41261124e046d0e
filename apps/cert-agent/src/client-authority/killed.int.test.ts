import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createClientAuthority } from "./index.ts";
import { createFixture, request, signal, type Fixture } from "./testing/fixture.ts";

const hasStrace = spawnSync("strace", ["-e", "trace=none", "true"]).status === 0;

type Action = "issue" | "revoke";

let fixture: Fixture;
let former: string;
beforeAll(async () => {
  fixture = await createFixture();
  await fixture.authority.ensure({}, signal);
  former = (await fixture.authority.issue(request(), signal)).certificate.serial;
});
afterAll(() => fixture.remove());

describe("killed in the middle of openssl's work", () => {
  it.each<[Action, number]>([
    ["issue", 3],
    ["revoke", 4],
  ])("%s leaves nothing half done", async (action, start) => {
    const folders = copyOfState();
    expect(act(action, folders, start)).toBeNull();
    await expectUsable(folders, null);
  });
});

describe.runIf(hasStrace)("killed when it puts a file on disk", () => {
  it.each<[Action, number]>([
    ["issue", 2],
    ["revoke", 4],
  ])("%s leaves nothing half done, at any of these points", async (action, fewest) => {
    let point = 0;
    for (let printed: string | null = null; printed === null;) {
      point += 1;
      const folders = copyOfState();
      printed = act(action, folders, 0, killedAtFsync(point));
      await expectUsable(folders, printed);
    }
    expect(point).toBeGreaterThan(fewest);
  });
});

const killedAtFsync = (point: number) => {
  const inject = ["-e", "trace=fsync", "-e", `inject=fsync:signal=SIGKILL:when=${point}`];
  return ["strace", "-f", "-qq", "-o", "/dev/null", ...inject];
};

interface Folders {
  folder: string;
  work: string;
}

let copies = 0;
function copyOfState(): Folders {
  const base = join(fixture.root, `copy-${(copies += 1)}`);
  mkdirSync(join(base, "work"), { recursive: true });
  cpSync(fixture.folder, join(base, "authority"), { recursive: true });
  return { folder: join(base, "authority"), work: join(base, "work") };
}

/** What it printed, or null when it was killed. */
function act(
  action: Action,
  { folder, work }: Folders,
  number: number,
  wrapper: readonly string[] = [],
): string | null {
  const script = join(import.meta.dirname, "testing/act-until-killed.ts");
  const node = [process.execPath, script, folder, work, action, String(number)];
  const [program, ...args] = [...wrapper, ...node] as [string, ...string[]];
  // strace counts the calls of each thread by itself, so there must be one that does the file work.
  const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 60_000, env });
  if (status !== null && status !== 0 && status < 128) throw new Error(stderr);
  return status === 0 ? stdout.trim() : null;
}

/** As the next process finds it: what was handed out is known, and whoever is revoked there is refused, and nobody else. */
async function expectUsable({ folder }: Folders, printed: string | null) {
  const authority = createClientAuthority({ ...fixture.deps, folder, now: () => fixture.clock.now, domain: () => "" });
  expect(await authority.ensure({}, signal)).toEqual([]);
  const bundle = await authority.bundle(signal);
  const listed = await authority.list();
  expect(listed.map(({ serial }) => serial)).toEqual(expect.arrayContaining([former, ...(printed?.split("\n") ?? [])]));
  const revoked = listed.filter(({ revokedAt }) => revokedAt !== null).map(({ serial }) => serial);
  expect([...(bundle?.revoked ?? ["no list"])].map((key) => key.split("/")[1])).toEqual(revoked);
}
