import { encode } from "uqr";
import { formatCode, type Code } from "./code-text.ts";
import {
  CODE_SIZE,
  CODES_PER_PAGE,
  COLUMN_PITCH,
  CORRECTION,
  FIRST_CODE,
  PAGE,
  ROW_PITCH,
  mm,
} from "./paper-layout.ts";
import { QUIET, write, type Document } from "./paper-style.ts";

/** Four codes, two by two, each with its number below. */
export function drawCodes(document: Document, title: string, codes: readonly Code[]): void {
  write(document, title, { x: PAGE.margin, y: mm(24), size: 12 });
  for (const [at, code] of codes.slice(0, CODES_PER_PAGE).entries()) {
    const x = FIRST_CODE.x + (at % 2) * COLUMN_PITCH;
    const y = FIRST_CODE.y + Math.floor(at / 2) * ROW_PITCH;
    drawCode(document, formatCode(code), x, y);
    write(document, caption(code), {
      x,
      y: y + CODE_SIZE + mm(5),
      size: 8,
      colour: QUIET,
      width: CODE_SIZE,
      align: "center",
    });
  }
}

function caption({ number, count, spare }: Code): string {
  return spare ? `spare ${number}` : `code ${number} of ${count}`;
}

/** As one path of rectangles, a row's neighbours in one: no printer and no viewer then leaves hairlines between modules. */
function drawCode(document: Document, text: string, x: number, y: number): void {
  const { data, size } = encode(text, { ecc: CORRECTION, boostEcc: true, border: 0 });
  const module = CODE_SIZE / size;
  for (const [row, modules] of data.entries())
    for (const { from, length } of darkRuns(modules))
      document.rect(x + from * module, y + row * module, length * module, module);
  document.fill("#000000");
}

function darkRuns(modules: readonly boolean[]): { from: number; length: number }[] {
  const runs: { from: number; length: number }[] = [];
  for (const [at, dark] of modules.entries()) {
    const last = runs.at(-1);
    if (!dark) continue;
    if (last && last.from + last.length === at) last.length += 1;
    else runs.push({ from: at, length: 1 });
  }
  return runs;
}
