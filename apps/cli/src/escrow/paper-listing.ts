import type { ListedLine } from "./listing.ts";
import { PAGE, mm } from "./paper-layout.ts";
import { INK, QUIET, write, type Document } from "./paper-style.ts";

const SIZE = 8;
const LINE = 10.4;
const TOP = mm(23);
/** A monospaced letter of the font is this much of its size wide. */
const LETTER = 0.602 * SIZE;
const GUTTER = 6 * LETTER;

/** Characters of the file in a printed line. */
export const COLUMNS = Math.floor((PAGE.width - 2 * PAGE.margin - GUTTER) / LETTER);
export const LINES_PER_PAGE = Math.floor((mm(280) - TOP) / LINE);

/** The file to be read by people: line numbers in grey, and an arrow where a line goes on that was too long. */
export function drawListing(document: Document, lines: readonly ListedLine[]): void {
  for (const [at, { number, text }] of lines.entries()) {
    const y = TOP + at * LINE;
    const mark = (number === undefined ? "↳" : String(number)).padStart(4);
    write(document, mark, { x: PAGE.margin, y, size: SIZE, colour: QUIET });
    write(document, text, { x: PAGE.margin + GUTTER, y, size: SIZE, colour: INK });
  }
}
