import { execFile, type PromiseWithChild } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deriveKeys, type Manifest, type Report } from "../src/index.ts";
import { backUp, VAULT } from "./back-up.ts";
import { APPLICATION, newTestFolder, startSource, type SourceDatabase, type TestFolder } from "./source.ts";

const run = promisify(execFile);

/** As backup-agent is started: an account of its own that may read every document and restore its owner. */
const RIGHTS = "+chown,+dac_override,+fowner";
const AGENT = ["--reuid=65534", "--regid=65534", "--clear-groups", `--inh-caps=${RIGHTS}`, `--ambient-caps=${RIGHTS}`];

// Only root can give such rights.
describe.runIf(process.getuid?.() === 0)(
  "a proof by an account with ambient capabilities",
  { timeout: 120_000 },
  () => {
    let folder: TestFolder;
    let source: SourceDatabase;
    let manifest: Manifest;
    beforeAll(async () => {
      folder = newTestFolder();
      source = await startSource(folder);
      await source.query(...APPLICATION);
      writeFileSync(join(folder.make(`data/${VAULT}/ab`), "1.gpg"), "document", { mode: 0o600 });
      manifest = await backUp(folder, source.address, deriveKeys("a secret of env.yml"));
    });
    afterAll(async () => {
      await source.stop();
      folder.remove();
    });

    it("loads the dump with a server that has none of them, and still reads what belongs to others", async () => {
      const places = { scratch: folder.make("s"), temporary: folder.make("t") };
      const order = JSON.stringify({ restored: folder.make("data"), manifest, ...places });
      const program = join(import.meta.dirname, "check-once.ts");
      const proof = run("setpriv", [...AGENT, "--", process.execPath, program, order]);
      const server = await statusOfServer(places.temporary, proof);
      expect(server).toMatchObject({ NoNewPrivs: "1", CapInh: NONE, CapPrm: NONE, CapEff: NONE, CapAmb: NONE });
      expect(server["Uid"]?.split("\t")[0]).toBe("65534");
      const report = JSON.parse((await proof).stdout) as Report;
      expect(report).toMatchObject({ proven: true, faults: [], files: { indexed: 1, summed: { files: 1 } } });
    });
  },
);

const NONE = "0".repeat(16);

/** What the kernel says of the scratch server while the proof goes on. */
async function statusOfServer(temporary: string, proof: PromiseWithChild<unknown>): Promise<Record<string, string>> {
  let failure: unknown;
  proof.catch((error: unknown) => (failure = error));
  for (let tries = 0; tries < 3000; tries++) {
    if (failure !== undefined) throw failure;
    const status = readdirSync(temporary).map((name) => statusOf(join(temporary, name, "cluster/postmaster.pid")));
    if (status[0]) return status[0];
    await sleep(10);
  }
  throw new Error("no server was started within 30 s");
}

function statusOf(pidFile: string): Record<string, string> | undefined {
  try {
    const pid = readFileSync(pidFile, "utf8").split("\n")[0];
    const lines = readFileSync(`/proc/${pid}/status`, "utf8").split("\n");
    return Object.fromEntries(lines.map((line) => line.split(/:\s+/) as [string, string]));
  } catch {
    return undefined;
  }
}
