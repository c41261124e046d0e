/**
 * One run in a process of its own, so that a test can kill it: `node run-child.ts FOLDER AGENT RUN-ID`. It says when it begins,
 * exits with 0 when the run ended, and writes down when it finds another alive at work.
 */
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openLease } from "../src/index.ts";

const [, , folder = "", agent = "", runId = ""] = process.argv;
const lease = openLease({ folder: join(folder, "lease"), runsFolder: join(folder, "runs"), agent, hostBoot: "boot" });

process.stdout.write("begins\n");
await lease.run({ runId, kind: "apply", waitMs: 60_000, supersedes: ["apply"] }, async (journal) => {
  noteOther();
  writeFileSync(join(folder, "at-work"), String(process.pid));
  for (const step of ["one", "two", "three"]) {
    if (journal.isDone(step)) continue;
    await journal.startStep(step);
    await sleep(60);
    noteOther();
    await journal.finishStep(step);
  }
  writeFileSync(join(folder, "at-work"), "");
});
process.exit(0);

function noteOther(): void {
  if (isOtherAlive()) appendFileSync(join(folder, "violations"), `${runId} beside another\n`);
}

function isOtherAlive(): boolean {
  try {
    const pid = Number(readFileSync(join(folder, "at-work"), "utf8"));
    return pid > 0 && pid !== process.pid && readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[2] !== "Z";
  } catch {
    return false;
  }
}
