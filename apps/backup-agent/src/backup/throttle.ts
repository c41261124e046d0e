const EVERY_MS = 1000;

/** `tell`, at most once a second, but at once for another sentence. What comes between is dropped: the next one says more. */
export function createThrottle<P extends { sentence: string }>(
  tell: (progress: P) => void,
  everyMs = EVERY_MS,
  now: () => number = () => performance.now(),
): (progress: P) => void {
  let [sentence, at] = ["", -Infinity];
  return (progress) => {
    if (progress.sentence === sentence && now() - at < everyMs) return;
    [sentence, at] = [progress.sentence, now()];
    tell(progress);
  };
}
