import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError } from "@appliance/errors";
import * as z from "zod";

/** What nginx says of the last set that it looked at. */
const Verdict = z.object({
  generation: z.string(),
  ok: z.boolean(),
  error: z.string().nullable(),
  /** The generation that it serves with; null before the first one. */
  serving: z.string().nullable(),
});
export type Verdict = z.infer<typeof Verdict>;

/** nginx needs at most 10 s to take a set over, and looks ten times a second. */
const TAKEN_WITHIN_MS = 20_000;
const LOOK_EVERY_MS = 50;

/** nginx' last word; undefined before its first, or while it is no JSON of ours. */
export async function readVerdict(file: string): Promise<Verdict | undefined> {
  try {
    return Verdict.safeParse(JSON.parse(await readFile(file, "utf8"))).data;
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}

/** nginx' word on this generation; undefined when it says none within `withinMs`: it does not run. */
export async function waitForVerdict(
  file: string,
  generation: string,
  signal: AbortSignal,
  withinMs = TAKEN_WITHIN_MS,
): Promise<Verdict | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const verdict = await readVerdict(file);
    if (verdict?.generation === generation) return verdict;
    if (performance.now() > deadline) return undefined;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}
