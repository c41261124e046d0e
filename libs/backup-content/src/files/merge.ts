/** Walks two sorted streams side by side: each path once, with what either has of it. */
export async function* mergeByPath<A extends { path: string }, B extends { path: string }>(
  left: AsyncIterable<A>,
  right: AsyncIterable<B>,
): AsyncGenerator<[A, B] | [A, undefined] | [undefined, B]> {
  const [as, bs] = [left[Symbol.asyncIterator](), right[Symbol.asyncIterator]()];
  try {
    let [a, b] = [await next(as), await next(bs)];
    while (a || b) {
      if (a && b && a.path === b.path) {
        yield [a, b];
        [a, b] = [await next(as), await next(bs)];
      } else if (a && (!b || a.path < b.path)) {
        yield [a, undefined];
        a = await next(as);
      } else if (b) {
        yield [undefined, b];
        b = await next(bs);
      }
    }
  } finally {
    await Promise.all([as.return?.(), bs.return?.()]);
  }
}

async function next<T>(iterator: AsyncIterator<T>): Promise<T | undefined> {
  const result = await iterator.next();
  return result.done ? undefined : result.value;
}
