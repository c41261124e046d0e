/** Millimetres to PDF points. */
export const mm = (length: number) => (length * 72) / 25.4;

/** A4, in points. */
export const PAGE = { width: mm(210), height: mm(297), margin: mm(18) } as const;

/** Two by two. */
export const CODES_PER_PAGE = 4;
/** Width and height of a printed code without its quiet zone. */
export const CODE_SIZE = mm(83);
/** From one code to its neighbour: between them and around them is more white than the four modules that readers need. */
export const COLUMN_PITCH = mm(91);
export const ROW_PITCH = mm(120);
export const FIRST_CODE = { x: mm(18), y: mm(40) } as const;

/**
 * Letters in a code: QR version 27, level M, alphanumeric. Its 125 modules in 83 mm are 3.9 pixels each on a page scanned with
 * 150 dpi, and 15 % of a code may be unreadable.
 */
export const MAX_LETTERS = 1637;
export const CORRECTION = "M";

/** The page of a part, counted from 1: the cover is the first, then the codes come. */
export function pageOfCode(number: number): number {
  return 2 + Math.floor((number - 1) / CODES_PER_PAGE);
}

/** The page with the spare codes, after those with `count` parts. */
export function pageOfSpares(count: number): number {
  return pageOfCode(count) + 1;
}
