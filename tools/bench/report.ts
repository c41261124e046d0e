import type { Figure } from "./figure.ts";

/** The figures of one part, and under which circumstances they were taken. */
export interface Section {
  part: string;
  /** How to take them again. */
  command: string;
  /** Date, machine and load, as sentences. */
  circumstances: string;
  figures: readonly Figure[];
}

/** A table in Markdown, with aligned columns so that the terminal shows it as well. */
export function renderSection({ command, circumstances, figures }: Section): string {
  const rows = figures.map(({ name, measured, beside, met }) => [name, measured, beside, verdict(met)]);
  return `\`${command}\`, ${circumstances}\n\n${renderTable([["figure", "measured", "beside", "met"], ...rows])}`;
}

function verdict(met: boolean | undefined): string {
  if (met === undefined) return "";
  return met ? "yes" : "**no**";
}

function renderTable([head = [], ...body]: readonly string[][]): string {
  const width = (column: number) => Math.max(...[head, ...body].map((row) => row[column]?.length ?? 0), 3);
  const line = (row: readonly string[]) => `| ${row.map((cell, at) => cell.padEnd(width(at))).join(" | ")} |`;
  const rule = `| ${head.map((_, at) => "-".repeat(width(at))).join(" | ")} |`;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/**
 * The page with the figures of one part replaced: they stand between two comments that name it.
 * @throws Error when the page has no place for the part
 */
export function placeSection(page: string, section: Section): string {
  const [begin, end] = [`<!-- figures of ${section.part} -->`, `<!-- end of ${section.part} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`the page has no place for the figures of ${section.part}`);
  return `${page.slice(0, from + begin.length)}\n\n${renderSection(section)}\n\n${page.slice(to)}`;
}
