import { createHash, randomBytes } from "node:crypto";
import { execFileSync } from "node:child_process";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

/** Documents as the application stores them: about 2 MB that no program can compress. */
export function writeDocuments(root: string): void {
  mkdirSync(join(root, "vault", "01"), { recursive: true });
  mkdirSync(join(root, "dump"));
  for (let n = 0; n < 12; n++) writeFileSync(join(root, "vault", "01", `doc${n}.gpg`), randomBytes(100_000));
  writeFileSync(join(root, "dump", "ecs.pgdump.gz"), randomBytes(1_500_000));
}

export const DOCUMENTS = ["vault", "dump"];

/** Names, types and shapes of files on which backups have failed. */
export function writeOddFiles(root: string): void {
  const odd = join(root, "odd");
  mkdirSync(join(odd, "empty folder"), { recursive: true });
  for (const name of [
    "new\nline",
    `"quoted" 'twice' \`thrice\` $(id)`,
    "-rf",
    "[x]*?{a}",
    "back\\slash",
    "ü€😀",
    "n".repeat(255),
  ])
    writeFileSync(join(odd, name), name);
  writeFileSync(Buffer.concat([Buffer.from(`${odd}/not-utf8-`), Buffer.from([0xff, 0xfe, 0x80])]), "bytes");
  writeFileSync(join(odd, "sparse"), "end");
  truncateSync(join(odd, "sparse"), 5_000_000);
  writeFileSync(join(odd, "linked"), "twice");
  linkSync(join(odd, "linked"), join(odd, "linked too"));
  symlinkSync("linked", join(odd, "link"));
  symlinkSync("/nowhere/at/all", join(odd, "dangling"));
  symlinkSync(".", join(odd, "loop"));
  writeFileSync(join(odd, "locked"), "mode", { mode: 0o400 });
  execFileSync("mkfifo", [join(odd, "pipe")]);
}

/** Everything below `folder` by name (bytes, as latin1): type, mode, size, and content or target. Two equal trees have equal ones. */
export function describeTree(folder: string): Map<string, string> {
  const entries = new Map<string, string>();
  walk(Buffer.from(folder), Buffer.alloc(0), entries);
  return entries;
}

function walk(folder: Buffer, below: Buffer, entries: Map<string, string>) {
  for (const name of readdirSync(folder, { encoding: "buffer" }).sort((a, b) => a.compare(b))) {
    const path = Buffer.concat([folder, Buffer.from("/"), name]);
    const shown = below.length === 0 ? name : Buffer.concat([below, Buffer.from("/"), name]);
    entries.set(shown.toString("latin1"), describe(path));
    if (lstatSync(path).isDirectory()) walk(path, shown, entries);
  }
}

function describe(path: Buffer): string {
  const stat = lstatSync(path);
  const mode = stat.mode.toString(8);
  if (stat.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
  if (!stat.isFile()) return mode;
  return `${mode} ${stat.size} ${createHash("sha256").update(readFileSync(path)).digest("hex")}`;
}
