import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { runCommand } from "@appliance/command";
import { toFailure } from "@appliance/errors";
import { prove } from "./prove.ts";
import { sliceOf } from "./slice-of-env.ts";

/** In memory where the container has a tmpfs there. */
const TEMPORARY = "/tmp";
const TIME_LIMIT_MS = 10 * 60_000;

/**
 * The call `prove` of this image: reads an env.yml from standard input and prints what it opens as JSON, `Proof`; where it cannot be used
 * `{ failure }`, with exit status 1. It needs nothing but the network, on a laptop too:
 * `docker run --rm -i appliance/backup-agent prove < env.yml`.
 */
export async function runProve(): Promise<void> {
  const folder = await mkdtemp(join(TEMPORARY, "prove-"));
  try {
    const slice = sliceOf(await buffer(process.stdin));
    const deps = { run: runCommand, now: () => new Date(), mounts: NO_MOUNTS, folder };
    print(await prove(slice, deps, AbortSignal.timeout(TIME_LIMIT_MS)));
  } catch (err) {
    print({ failure: toFailure(err) });
    process.exitCode = 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const NO_MOUNTS = { attach: async () => {}, detach: async () => {} };

const print = (value: unknown) => void process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
