/**
 * Waits for both ends of a pipe: what `reading` made of it once `writing` has ended too. When the reader fails the writer is
 * stopped. It may also complain first, of a pipe that nobody reads: the failure of the reader is the cause whenever there is one,
 * so it is the one that is thrown. A writer that fails has to end the pipe as well, or the reader waits for ever.
 */
export async function piped<T>(
  reading: Promise<T>,
  writing: (signal: AbortSignal) => Promise<void>,
  outer: AbortSignal,
): Promise<T> {
  const unread = new AbortController();
  reading.catch(() => unread.abort());
  const [read, written] = await Promise.allSettled([reading, writing(AbortSignal.any([outer, unread.signal]))]);
  if (read.status === "rejected") throw read.reason;
  if (written.status === "rejected") throw written.reason;
  return read.value;
}
