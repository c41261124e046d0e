import { join } from "node:path";
import { ensureDirectory, writeFileDurable } from "@appliance/files";
import * as z from "zod";
import { DnsResult } from "./dns-test.ts";
import type { Log } from "./log.ts";
import { readSmallFile } from "./small-file.ts";

const instant = z.coerce.date();

/** Attempts that failed in a row, and when the next one is. */
const Retry = z.object({ failures: z.int().min(0), at: instant.nullable() });
export type Retry = z.infer<typeof Retry>;

/** Why one name could not be proven, in the words of who looked. */
export const NameTrouble = z.object({ name: z.string(), type: z.string(), detail: z.string(), at: instant });

/** All that must outlive a restart so that an authority is never asked more often than it should be. */
export const RenewalState = z.object({
  writtenAt: instant,
  /** What was wanted of whom; when it changes, a person has changed something, and the waiting is over. */
  goal: z.string(),
  retry: Retry,
  /** Further names that the authority could not validate: orders go without them, and they are tried by themselves. */
  leftOut: Retry.extend({ names: z.array(z.string()) }),
  authority: z.object({
    directoryUrl: z.string(),
    /** Its Retry-After: before this moment nobody asks, not even a person. */
    notBefore: instant.nullable(),
    /** It was not there, or the clocks disagreed, when it was last asked; it is looked at more often than it is asked. */
    away: z.boolean(),
    lookAt: instant.nullable(),
  }),
  /** Beginnings of validations that failed, or of which nothing is known. */
  validations: z.array(instant),
  /** Renewal information (RFC 9773) of the certificate with this serial; without a window where the authority gave none. */
  suggestion: z
    .object({
      serial: z.string(),
      window: z.object({ start: instant, end: instant, explanationUrl: z.string().nullable() }).nullable(),
      /** The moment within the window that was drawn once. */
      chosen: instant.nullable(),
      askAgainAt: instant,
    })
    .nullable(),
  names: z.array(NameTrouble),
  dns: z.array(DnsResult),
  lastError: z.object({ code: z.string(), message: z.string(), remedy: z.string(), at: instant }).nullable(),
  attempts: z.object({ succeeded: z.int().min(0), failed: z.int().min(0) }),
});
export type RenewalState = z.infer<typeof RenewalState>;

export const NO_RETRY: Retry = { failures: 0, at: null };

export function emptyState(now: Date): RenewalState {
  return {
    writtenAt: now,
    goal: "",
    retry: NO_RETRY,
    leftOut: { ...NO_RETRY, names: [] },
    authority: { directoryUrl: "", notBefore: null, away: false, lookAt: null },
    validations: [],
    suggestion: null,
    names: [],
    dns: [],
    lastError: null,
    attempts: { succeeded: 0, failed: 0 },
  };
}

/** More than clocks are set right by. */
const CLOCK_STEP_MS = 5 * 60_000;

/**
 * The state as it counts now. Pure.
 *
 * Written under a clock that was ahead, its moments would lie in the future for as long as that was: they are moved along. A new
 * goal begins afresh, but the authority's own word and the count of failed validations stay.
 */
export function currentState(
  kept: RenewalState,
  goal: { text: string; directoryUrl: string },
  now: Date,
): RenewalState {
  const state = wasAhead(kept, now) ? moved(kept, now) : kept;
  if (state.goal === goal.text) return state;
  const { directoryUrl } = goal;
  const fresh = { ...emptyState(now), goal: goal.text, attempts: state.attempts, validations: state.validations };
  const sameAuthority = state.authority.directoryUrl === directoryUrl;
  return sameAuthority
    ? { ...fresh, authority: { ...state.authority, away: false, lookAt: null }, suggestion: state.suggestion }
    : { ...fresh, authority: { ...fresh.authority, directoryUrl } };
}

/** Whether the clock was ahead when the state was written; what it counts as now has then to be written, or it moves for ever. */
export function wasAhead({ writtenAt }: RenewalState, now: Date): boolean {
  return writtenAt.getTime() - now.getTime() > CLOCK_STEP_MS;
}

function moved(state: RenewalState, now: Date): RenewalState {
  const byMs = state.writtenAt.getTime() - now.getTime();
  // What kept from asking was this clock, so that its being set right is what was waited for.
  const wasTheReason = state.lastError?.code === "CLOCK_WRONG";
  const earlier = <T extends Date | null>(at: T) => (at === null ? at : new Date(at.getTime() - byMs));
  return {
    ...state,
    writtenAt: now,
    retry: { ...state.retry, at: wasTheReason ? null : earlier(state.retry.at) },
    lastError: wasTheReason ? null : state.lastError,
    leftOut: { ...state.leftOut, at: earlier(state.leftOut.at) },
    authority: {
      ...state.authority,
      notBefore: earlier(state.authority.notBefore),
      lookAt: earlier(state.authority.lookAt),
    },
    validations: state.validations.map((at) => new Date(at.getTime() - byMs)),
    suggestion: null,
  };
}

export interface StateFile {
  /** Never throws for what stands in the file: one that cannot be read counts as none. */
  read(now: Date): Promise<RenewalState>;
  write(state: RenewalState): Promise<void>;
}

/** `acme/renewal.json`. On a full disk the state lives on in memory, so that the waiting is kept as long as the process lasts. */
export function createStateFile({ folder, log }: { folder: string; log: Log }): StateFile {
  const path = join(folder, "renewal.json");
  let unwritten: RenewalState | undefined;
  return {
    async read(now) {
      if (unwritten !== undefined) return unwritten;
      const text = await readSmallFile(path);
      if (text === undefined) return emptyState(now);
      const state = typeof text === "string" ? parse(text) : undefined;
      if (state === undefined) log.warn({ path }, "the state of renewals cannot be read; it begins afresh");
      return state ?? emptyState(now);
    },
    async write(state) {
      try {
        await ensureDirectory(folder, { mode: 0o700 });
        await writeFileDurable(path, `${JSON.stringify(state, undefined, 2)}\n`, { mode: 0o600 });
        unwritten = undefined;
      } catch (err) {
        unwritten = state;
        log.warn({ err, path }, "the state of renewals could not be written; it is kept in memory");
      }
    },
  };
}

function parse(text: string): RenewalState | undefined {
  try {
    return RenewalState.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
