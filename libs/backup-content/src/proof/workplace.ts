import { chown, mkdir, mkdtemp, readdir, readFile, readlink, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RunCommand } from "@appliance/command";
import { withFlock } from "@appliance/files";
import { failure } from "../failures.ts";

/** An account of the host without rights: its ids are in /etc/passwd, which PostgreSQL asks for. */
export interface Account {
  uid: number;
  gid: number;
}

export interface WorkplaceDependencies {
  run: RunCommand;
  /** A private folder (0700) in memory, for keys; its path shorter than 70 characters, the same in every run. */
  scratch: string;
  /**
   * A folder on a disk with space for the plain dump and the database made from it; its path shorter than 70 characters, the
   * same in every run. Where the work is started by root, others must be able to reach it (x).
   */
  temporary: string;
  /** Who runs PostgreSQL when this process is root, which PostgreSQL refuses. Default: nobody. */
  account?: Account;
}

/** Two folders for one proof. */
export interface Workplace {
  /** In memory, of this process alone. */
  secret: string;
  /** On disk, of the account. */
  disk: string;
  /** Arguments that start a program as the account, without any right, never to gain one, and ended with this process whatever happens. */
  as: (program: string, args: readonly string[]) => [program: string, args: string[]];
}

const PREFIX = "proof-";
const GPGCONF_MS = 10_000;
const REMOVE = { recursive: true, force: true, maxRetries: 3 };

/** Below it a path for a Unix socket still fits into the kernel's 108 bytes. */
const LONGEST_PATH = 70;

/** Debian's nobody and nogroup. */
const NOBODY: Account = { uid: 65_534, gid: 65_534 };

/**
 * Gives `work` two new folders that are removed afterwards, whatever happens; what a killed run left is removed first.
 * @throws OperatorError `LOCK_TAKEN` while another proof runs.
 */
export async function withWorkplace<T>(
  { run, scratch, temporary, account = NOBODY }: WorkplaceDependencies,
  work: (place: Workplace) => Promise<T>,
): Promise<T> {
  for (const path of [scratch, temporary])
    if (path.length > LONGEST_PATH) throw failure("PROOF_DATABASE_FAILED", `the path ${path} is too long for a socket`);
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  return withFlock(join(scratch, "proof.lock"), { waitMs: 0 }, async () => {
    const isRoot = process.getuid?.() === 0;
    for (const folder of await leftovers(scratch)) await clearSecret(run, folder);
    for (const folder of await leftovers(temporary)) await clearDisk(folder);
    const secret = await mkdtemp(join(scratch, PREFIX));
    const disk = await mkdtemp(join(temporary, PREFIX));
    try {
      if (isRoot) await chown(disk, account.uid, account.gid);
      return await work({
        secret,
        disk,
        as: (program, args) => ["setpriv", [...rights(isRoot, account), "--", program, ...args]],
      });
    } finally {
      await clearSecret(run, secret);
      await clearDisk(disk);
    }
  });
}

/**
 * The capabilities by which this process reads all documents are ambient: a program inherits them that is not freed of them. QUIT
 * is PostgreSQL's immediate shutdown, of all its processes.
 */
function rights(isRoot: boolean, { uid, gid }: Account): string[] {
  const account = isRoot ? [`--reuid=${uid}`, `--regid=${gid}`, "--clear-groups"] : [];
  return [...account, "--inh-caps=-all", "--ambient-caps=-all", "--no-new-privs", "--pdeathsig=QUIT"];
}

async function leftovers(folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return (await readdir(folder)).filter((name) => name.startsWith(PREFIX)).map((name) => join(folder, name));
}

/** The agent of gpg is a process of its own session, which nothing else here ends. Where none runs there is nothing to do. */
async function clearSecret(run: RunCommand, folder: string) {
  await run("gpgconf", ["--homedir", folder, "--kill", "all"], { timeoutMs: GPGCONF_MS }).catch(() => {});
  await rm(folder, REMOVE);
}

async function clearDisk(folder: string) {
  await endPostgres(join(folder, "cluster"));
  await rm(folder, REMOVE);
}

/** The first line of postmaster.pid is its number; it is only believed of a process that works in this very cluster. */
async function endPostgres(cluster: string) {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const pid = Number(text.split("\n")[0]);
  if (!Number.isInteger(pid) || pid <= 1) return;
  const works = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (works === cluster) process.kill(pid, "SIGKILL");
}
