import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand, type RunCommand } from "@appliance/command";
import { createClientAuthority, type ClientAuthority, type ClientRequest } from "../index.ts";

export const DAY_MS = 86_400_000;

const BUILT_AT = new Date("2026-11-22T00:00:00Z");

export const signal = new AbortController().signal;

/** An authority in a folder of its own, with a clock that the test sets. */
export interface Fixture {
  authority: ClientAuthority;
  /** What it keeps. */
  folder: string;
  /** A folder for the test's own files; the work folder of openssl is `work` in it. */
  root: string;
  clock: { now: Date };
  /** For functions that ask for openssl. */
  deps: { run: RunCommand; workFolder: string; builtAt: Date };
  remove(): Promise<void>;
}

export async function createFixture(options: { run?: RunCommand; now?: Date } = {}): Promise<Fixture> {
  const root = await mkdtemp(join(tmpdir(), "client-authority-"));
  const clock = { now: options.now ?? new Date("2026-11-23T10:00:00Z") };
  const folder = join(root, "authority");
  const deps = { run: options.run ?? runCommand, workFolder: root, builtAt: BUILT_AT };
  const authority = createClientAuthority({ ...deps, folder, now: () => clock.now, domain: () => "ecs.example" });
  return { authority, folder, root, clock, deps, remove: () => rm(root, { recursive: true, force: true }) };
}

export const request = (changes: Partial<ClientRequest> = {}): ClientRequest => ({
  email: "office@ecs.example",
  name: "Office PC",
  days: 7,
  compat: false,
  ...changes,
});
