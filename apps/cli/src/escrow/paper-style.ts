import type PdfDocument from "pdfkit";
import { PAGE, mm } from "./paper-layout.ts";

export type Document = InstanceType<typeof PdfDocument>;

export const INK = "#1a1a1a";
export const QUIET = "#6b6b6b";
const RULE = "#c8c8c8";

/** What the head and the foot of each page say. */
export interface Frame {
  domain: string;
  id: string;
  pages: number;
}

/** Text at a place: no wrapping and no page of its own, which the layout decides. */
export function write(
  document: Document,
  text: string,
  at: { x: number; y: number; size: number; colour?: string; width?: number; align?: "left" | "center" | "right" },
): void {
  const { x, y, size, colour = INK, width, align = "left" } = at;
  const place = width === undefined ? {} : { width, align };
  // Ligatures would draw two characters of the file as one.
  document
    .fontSize(size)
    .fillColor(colour)
    .text(text, x, y, { ...place, lineBreak: false, features: [] });
}

/** A new page with its head and foot. */
export function addPage(document: Document, page: number, { domain, id, pages }: Frame): void {
  document.addPage();
  const line = { x: PAGE.margin, width: PAGE.width - 2 * PAGE.margin, size: 8, colour: QUIET };
  write(document, `env.yml of ${domain}`, { ...line, y: mm(12) });
  write(document, `page ${page} of ${pages}`, { ...line, y: mm(12), align: "right" });
  rule(document, mm(17.5));
  rule(document, mm(282.5));
  write(document, "Secret: keep it in a safe.", { ...line, y: mm(285) });
  write(document, `file ${id}`, { ...line, y: mm(285), align: "right" });
}

function rule(document: Document, y: number): void {
  document
    .moveTo(PAGE.margin, y)
    .lineTo(PAGE.width - PAGE.margin, y)
    .lineWidth(0.5)
    .strokeColor(RULE)
    .stroke();
}
