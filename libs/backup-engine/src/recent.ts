/** What follows a backup follows within seconds. */
const BELIEVED_MS = 60_000;

/**
 * What a target listed last, for pruning and counting right after a backup: each question starts a program anew, with its keys and its
 * connection, which costs as much as a small backup. No safety rests on it: check, backup and restore always ask the target.
 */
export interface Recent<T> {
  keep(listing: T): void;
  /** Called before any program is started for the target: it may write there. */
  forget(): void;
  /** Undefined when nothing was listed since, or not lately. */
  recall(): T | undefined;
}

export function createRecent<T>(): Recent<T> {
  let last: { listing: T; at: number } | undefined;
  return {
    keep: (listing) => void (last = { listing, at: performance.now() }),
    forget: () => void (last = undefined),
    recall: () => (last && performance.now() - last.at < BELIEVED_MS ? last.listing : undefined),
  };
}
