import { mkdtemp, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "@appliance/command";
import * as z from "zod";
import type { Cancellable } from "../engine.ts";
import { failure } from "../failures.ts";
import { parseLine } from "../json-line.ts";
import type { DuplicityContext, Listing } from "./context.ts";
import { callRemote } from "./program.ts";

const Listed = z.object({ name: z.string(), size: z.number().nullable() });
const Removed = z.object({ name: z.string() });
const Read = z.object({ name: z.string(), size: z.number(), sha1: z.string() });

export type ReadFile = z.infer<typeof Read>;

/** What the target lists now. */
export async function listRemote(context: DuplicityContext, options: Cancellable): Promise<Listing> {
  const sizes = new Map<string, number | null>();
  const onOutput = (line: string) => {
    const file = parseLine(Listed, line);
    // Some backends say -1 for what they do not know.
    if (file) sizes.set(file.name, file.size !== null && file.size >= 0 ? file.size : null);
  };
  await callRemote(context, ["list"], { ...options, onOutput });
  context.recent.keep(sizes);
  return sizes;
}

/** What the target listed a moment ago, when no program was started for it since; else as `listRemote`. */
export async function listRecent(context: DuplicityContext, options: Cancellable): Promise<Listing> {
  return context.recent.recall() ?? listRemote(context, options);
}

/** Reads files from the target, one after the other, and tells size and SHA-1 of each; nothing of them is kept. */
export async function readRemote(
  context: DuplicityContext,
  names: readonly string[],
  onRead: (file: ReadFile) => void,
  options: Cancellable,
): Promise<void> {
  if (names.length === 0) return;
  let read = 0;
  const onOutput = (line: string) => {
    const file = parseLine(Read, line);
    if (!file) return;
    read += 1;
    onRead(file);
  };
  await callRemote(context, ["read"], { ...options, onOutput, input: toLines(names) });
  if (read !== names.length)
    throw failure("BACKUP_FAILED", context.url.label, `${names.length - read} files were not read`);
}

/** Removes files in this order. */
export async function removeRemote(
  context: DuplicityContext,
  names: readonly string[],
  options: Cancellable,
  onRemoved: (name: string) => void = () => undefined,
): Promise<void> {
  if (names.length === 0) return;
  const onOutput = (line: string) => {
    const file = parseLine(Removed, line);
    if (file) onRemoved(file.name);
  };
  await callRemote(context, ["remove"], { ...options, onOutput, input: toLines(names) });
}

/**
 * Fetches files and decrypts each, which checks it from end to end: its text for `onPlain` (only where `wanted`, since
 * signatures are large), or undefined for one that gpg refuses.
 * @throws OperatorError `BACKUP_KEY_WRONG` when it is the key that is wrong, or that of a file that cannot be fetched.
 */
export async function decryptRemote(
  context: DuplicityContext,
  names: readonly string[],
  onPlain: (name: string, text: string | undefined) => Promise<void>,
  { wanted, ...options }: Cancellable & { wanted: boolean },
): Promise<void> {
  if (names.length === 0) return;
  const folder = await mkdtemp(join(context.temporary, "fetched-"));
  try {
    await callRemote(context, ["fetch", folder], { ...options, input: toLines(names) });
    for (const name of names) await onPlain(name, await decrypt(context, join(folder, name), { wanted, ...options }));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function decrypt(context: DuplicityContext, file: string, { wanted, signal }: Cancellable & { wanted: boolean }) {
  const plain = wanted ? `${file}.plain` : undefined;
  try {
    await context.gpg.decrypt(file, plain, signal);
    return plain === undefined ? "" : await readFile(plain, "utf8");
  } catch (error) {
    if (!(error instanceof CommandError) || error.code !== "COMMAND_FAILED") throw error;
    if (/no secret key/i.test(error.stderrTail)) throw failure("BACKUP_KEY_WRONG", context.url.label, "", error);
    return undefined;
  }
}

const toLines = (names: readonly string[]) => names.map((name) => `${name}\n`).join("");
