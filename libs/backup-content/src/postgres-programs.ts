import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { CommandError } from "@appliance/command";
import { failure } from "./failures.ts";

/** Where Debian puts the programs of each major version. What is in /usr/bin is a wrapper that looks for clusters. */
const VERSIONS = "/usr/lib/postgresql";

/** The folder of the newest PostgreSQL's programs. @throws OperatorError `PROOF_DATABASE_FAILED` when there is none. */
export async function findPostgresPrograms(): Promise<string> {
  const versions = (await readdir(VERSIONS).catch(() => [])).filter((name) => /^\d+$/.test(name)).map(Number);
  if (versions.length === 0) throw failure("PROOF_DATABASE_FAILED", "PostgreSQL is not installed");
  return join(VERSIONS, String(Math.max(...versions)), "bin");
}

/** Why a program of PostgreSQL failed: its entry of the dump and the server's reason, not its last line, the statement. */
export function wordsOf({ stderrTail, message }: CommandError): string {
  const said = stderrTail.split("\n").filter((line) => /error:|ERROR:|from TOC entry/.test(line));
  return said.length > 0 ? said.slice(0, 4).join("; ").slice(0, 600) : message;
}
