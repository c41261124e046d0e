import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import type { BackupDrill, BackupVerify, JobContext, Log, ResultOf, Work } from "@appliance/jobs";
import { runApart } from "../../apart.ts";
import { VAULT } from "../../contents.ts";
import { runWithEngines } from "../../recovery/testing/engine-container.ts";
import type { Setting } from "../../recovery/testing/test-host.ts";
import { createTargetStates } from "../../targets/target-state.ts";
import { createTargets } from "../../targets/targets.ts";
import { createTurns } from "../../targets/turns.ts";
import { createVerify } from "../../verify/run-verify.ts";
import { PROOF } from "../proof-order.ts";
import { createDrill } from "../run-drill.ts";

export const SILENT: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const MAIN = join(import.meta.dirname, "../../main.ts");

/** The parts of the agent that prove, put together as in `parts.ts`, and the folders they work in. */
export function createProving({ folder, engines, slice }: Setting, volatileDir = join(folder, "volatile")) {
  const now = () => new Date();
  const [scratchDir, reportsDir] = [join(folder, "scratch"), join(folder, "reports")];
  const run = runWithEngines(engines);
  const mounts = { attach: async () => {}, detach: async () => {} };
  const places = { scratchDir, volatileDir };
  for (const path of Object.values(places)) mkdirSync(path, { recursive: true });
  chmodSync(volatileDir, 0o755); // root's scratch server is another account's
  const read = async () => slice;
  const targets = createTargets({ slice: read, run, mounts, turns: createTurns(), now, ...places });
  const states = createTargetStates(join(folder, "targets"), SILENT);
  const secrets = [...slice.sealSecrets];
  const prove: Parameters<typeof createDrill>[0]["prove"] = (order, signal) =>
    runApart(PROOF, order, { run: runCommand, signal, secrets, program: MAIN });
  const drill = createDrill({ slice: read, targets, states, prove, run: runCommand, ...places, reportsDir, now });
  const verify = createVerify({ targets, states, now });
  return {
    targets,
    states,
    reportsDir,
    volatileDir,
    drill: (target: string | null, onSentence: (sentence: string) => void = () => {}) =>
      ask<typeof BackupDrill>(drill, { requestedBy: "a test", target }, ({ sentence }) => onSentence(sentence)),
    verify: (target: string | null, everything = false) =>
      ask<typeof BackupVerify>(verify, { requestedBy: "a test", target, everything }, () => {}),
  };
}

export type Proving = ReturnType<typeof createProving>;

function ask<C extends typeof BackupDrill | typeof BackupVerify>(
  work: Work<C>,
  data: Parameters<Work<C>>[0],
  progress: JobContext<C>["progress"],
): Promise<ResultOf<C>> {
  return work(data, {
    id: "1",
    enqueuedAt: new Date(),
    attempt: 1,
    signal: AbortSignal.timeout(200_000),
    progress,
    log: SILENT,
  });
}

/** Two keys as env.yml has them, and documents of the vault that they open. */
export function createVault(folder: string) {
  const home = mkdtempSync(join(folder, "gpg-"));
  chmodSync(home, 0o700);
  const gpg = (args: string[], input = "") =>
    execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--passphrase", "", ...args], { input });
  for (const name of ["ecs_mediaserver", "ecs_authority"])
    gpg(["--quick-gen-key", name, "rsa2048", "sign,encr", "never"]);
  const secretKey = (name: string) => gpg(["--armor", "--export-secret-keys", name]).toString();
  const to = ["--trust-model", "always", "--recipient", "ecs_mediaserver", "--local-user", "ecs_authority"];
  return {
    keys: { encrypt: secretKey("ecs_mediaserver"), sign: secretKey("ecs_authority") },
    store: (path: string, content: string) => writeFileSync(path, gpg([...to, "--encrypt", "--sign"], content)),
    close: () => void execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]),
  };
}

/** A vault of `folders` with a document of `bytes` each, which take no space here. */
export function addLargeDocuments(dataDir: string, folders: number, bytes: number): void {
  for (let n = 0; n < folders; n++) {
    mkdirSync(join(dataDir, VAULT, `large-${n}`), { recursive: true });
    writeFileSync(join(dataDir, VAULT, `large-${n}`, "document"), "");
    truncateSync(join(dataDir, VAULT, `large-${n}`, "document"), bytes);
  }
}

/** A copy of a repository, with one byte of its largest file changed. */
export function copyDamaged(from: string, to: string): void {
  execFileSync("cp", ["--archive", from, to]);
  const find = ["-type", "f", "-printf", "%s %p\\n"];
  const largest = execFileSync("find", [to, ...find], { encoding: "utf8" })
    .trim()
    .split("\n")
    .toSorted((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))[0]!
    .replace(/^\d+ /, "");
  const flip = `import sys; f = open(sys.argv[1], "r+b"); f.seek(5000); b = f.read(1); f.seek(5000); f.write(bytes([b[0] ^ 1]))`;
  chmodSync(largest, 0o600);
  execFileSync("python3", ["-c", flip, largest]);
}

/** What drills left in the folder for it. */
export function leftovers(volatileDir: string): string[] {
  return existsSync(volatileDir) ? readdirSync(volatileDir).filter((name) => name.startsWith("drill")) : [];
}

/** A file system of `megabytes`, until `unmount`. */
export function mountSmall(path: string, megabytes: number) {
  mkdirSync(path, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=0755`, "none", path]);
  return {
    unmount: () => {
      execFileSync("umount", ["--lazy", path]);
      rmSync(path, { recursive: true });
    },
  };
}
