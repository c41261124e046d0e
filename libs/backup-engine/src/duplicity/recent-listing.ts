/** Bytes by name of all files at a target; null where it does not tell. */
export type Listing = ReadonlyMap<string, number | null>;

/** What follows a backup follows within seconds. */
const BELIEVED_MS = 60_000;

/**
 * What the target listed last, for pruning and counting right after a backup: each question starts duplicity's backends, which
 * costs as much as a small increment. No safety rests on it: check, backup and restore always ask the target.
 */
export interface RecentListing {
  keep(listing: Listing): void;
  /** Called before any program is started for the target: it may write there. */
  forget(): void;
  /** Undefined when nothing was listed since, or not lately. */
  recall(): Listing | undefined;
}

export function createRecentListing(): RecentListing {
  let last: { listing: Listing; at: number } | undefined;
  return {
    keep: (listing) => void (last = { listing, at: performance.now() }),
    forget: () => void (last = undefined),
    recall: () => (last && performance.now() - last.at < BELIEVED_MS ? last.listing : undefined),
  };
}
