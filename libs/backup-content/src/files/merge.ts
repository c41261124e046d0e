type Pair<A, B> = [A, B] | [A, undefined] | [undefined, B];

/** Walks two sorted streams side by side: each path once, with what either has of it. Both come many at a time, and so do the pairs. */
export async function* mergeByPath<A extends { path: string }, B extends { path: string }>(
  left: AsyncIterable<readonly A[]>,
  right: AsyncIterable<readonly B[]>,
): AsyncGenerator<Pair<A, B>[]> {
  const [as, bs] = [createCursor(left), createCursor(right)];
  try {
    for (;;) {
      const [moreLeft, moreRight] = [await as.fill(), await bs.fill()];
      if (!moreLeft && !moreRight) return;
      yield takePairs(as, bs);
    }
  } finally {
    await Promise.all([as.close(), bs.close()]);
  }
}

/** All pairs that can be told before one of the two has to be read on. */
function takePairs<A extends { path: string }, B extends { path: string }>(as: Cursor<A>, bs: Cursor<B>): Pair<A, B>[] {
  const pairs: Pair<A, B>[] = [];
  while (as.isReady() && bs.isReady()) {
    const [a, b] = [as.head(), bs.head()];
    if (!a && !b) break;
    const order = !b || (a && a.path < b.path) ? -1 : !a || b.path < a.path ? 1 : 0;
    if (order <= 0) as.advance();
    if (order >= 0) bs.advance();
    pairs.push(order < 0 ? [a!, undefined] : order > 0 ? [undefined, b!] : [a!, b!]);
  }
  return pairs;
}

type Cursor<T> = ReturnType<typeof createCursor<T>>;

function createCursor<T>(source: AsyncIterable<readonly T[]>) {
  const batches = source[Symbol.asyncIterator]();
  let batch: readonly T[] = [];
  let at = 0;
  let ended = false;
  return {
    /** Reads on where that is needed. False once the stream is over. */
    async fill(): Promise<boolean> {
      while (at >= batch.length && !ended) {
        const next = await batches.next();
        [batch, at, ended] = [next.done ? [] : next.value, 0, next.done === true];
      }
      return !ended;
    },
    /** Whether `head` is known, which is undefined at the end. */
    isReady: () => at < batch.length || ended,
    head: () => batch[at],
    advance: () => void at++,
    close: () => batches.return?.(),
  };
}
