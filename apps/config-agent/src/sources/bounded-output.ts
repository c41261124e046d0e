import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandOptions, CommandResult, RunCommand } from "@appliance/command";
import { isSystemError } from "@appliance/errors";
import { LONGEST } from "./user-data.ts";

export interface BoundedOutput {
  result: CommandResult;
  /** Undefined when the program made no file. */
  bytes: Uint8Array | undefined;
}

/**
 * Runs a program that writes a file of at most `LONGEST` bytes: the kernel stops it at one more, whatever a damaged drive or a
 * strange service has for it. The file is private and gone afterwards.
 * @param command the program and its arguments, given where to write
 * @returns `too long` in place of what it wrote
 * @throws CommandError as `runCommand`
 */
export async function boundedOutput(
  run: RunCommand,
  command: (path: string) => readonly [string, ...string[]],
  options: CommandOptions & { around?: readonly string[] },
): Promise<BoundedOutput | "too long"> {
  const folder = await mkdtemp(join(tmpdir(), "user-data-"));
  const path = join(folder, "file");
  const limited = ["prlimit", `--fsize=${LONGEST + 1}`, "--", ...command(path)];
  const [program = "", ...args] = [...(options.around ?? []), ...limited];
  try {
    const result = await run(program, args, options);
    return (await isTooLong(path)) ? "too long" : { result, bytes: await readIfThere(path) };
  } catch (err) {
    // Some end by the signal of the kernel, others complain in their own way; the file tells why.
    if (await isTooLong(path)) return "too long";
    throw err;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function isTooLong(path: string): Promise<boolean> {
  const found = await stat(path).catch(orMissing);
  return found !== undefined && found.size > LONGEST;
}

const readIfThere = (path: string) => readFile(path).catch(orMissing);

function orMissing(err: unknown): undefined {
  if (isSystemError(err, "ENOENT")) return undefined;
  throw err;
}
