/** A place in a file; both are 1-based and the column counts characters, not bytes. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** The position of a UTF-16 offset of the text. */
export type PositionAt = (offset: number) => Position;

/** Looks positions up in indexes: a file of one long line has thousands of them, counting anew for each is quadratic. */
export function createPositionAt(text: string): PositionAt {
  const lineStarts = lineStartsOf(text);
  const pairs = Array.from(text.matchAll(/[\u{10000}-\u{10FFFF}]/gu), ({ index }) => index);
  return (offset) => {
    const line = countBelow(lineStarts, offset + 1);
    const start = lineStarts[line - 1] ?? 0;
    const pairsBefore = countBelow(pairs, offset) - countBelow(pairs, start);
    return { line, column: offset - start - pairsBefore + 1 };
  };
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", end + 1)) starts.push(end + 1);
  return starts;
}

/** How many of the ascending numbers are below `limit`. */
function countBelow(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] ?? limit) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
