import { readFile, rm, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "@appliance/command";
import { unreadable } from "./failures.ts";
import type { Toolbox } from "./toolbox.ts";

/** Of our own PDF anything would do; this also serves one that a scanner made. */
const DPI = "200";
/** A scanner may call its page of any size; longer ones than A4 get the pixels of an A3 page. In points, and in pixels. */
const A4_HEIGHT = 842;
const MOST_PIXELS = "3307";
/** Rendered at a time, since the folder they go to is in memory. */
const BATCH = 4;
const MOST_PAGES = 400;

export interface PageImage {
  name: string;
  bytes: Uint8Array;
}

/** The pages of a PDF as grey images, one after the other; packing them as PNG would take most of the time. @throws OperatorError `SOURCE_UNREADABLE` */
export async function* renderPages(
  name: string,
  bytes: Uint8Array,
  folder: string,
  run: Toolbox,
): AsyncGenerator<PageImage> {
  const pdf = join(folder, "source.pdf");
  await writeFile(pdf, bytes, { mode: 0o600 });
  const { pages, longest } = await measurePages(name, pdf, run);
  const scale = longest > A4_HEIGHT ? ["-scale-to", MOST_PIXELS] : ["-r", DPI];
  for (let first = 1; first <= pages; first += BATCH) {
    const last = Math.min(first + BATCH - 1, pages);
    const range = ["-f", String(first), "-l", String(last)];
    await run("pdftoppm", ["-gray", ...scale, ...range, pdf, join(folder, "page")]);
    for (const file of (await readdir(folder)).filter((entry) => /^page-\d+\.pgm$/.test(entry)).sort()) {
      const number = Number(/\d+/.exec(file)?.[0]);
      yield { name: `page ${number} of ${name}`, bytes: await readFile(join(folder, file)) };
      await rm(join(folder, file));
    }
  }
}

/** How many there are, and the longest side of all of them in points. */
async function measurePages(name: string, pdf: string, run: Toolbox): Promise<{ pages: number; longest: number }> {
  const { stdout } = await run("pdfinfo", ["-f", "1", "-l", String(MOST_PAGES), pdf]).catch((cause: unknown) => {
    if (!(cause instanceof CommandError) || cause.code !== "COMMAND_FAILED") throw cause;
    const why = cause.stderrTail.includes("Incorrect password") ? "it is protected by a password" : "it is damaged";
    throw unreadable(`${name} cannot be read: ${why}.`, { cause });
  });
  const pages = Number(/^Pages:\s+(\d+)/m.exec(stdout)?.[1]);
  if (!(pages > 0 && pages <= MOST_PAGES))
    throw unreadable(`${name} has ${pages} pages, at most ${MOST_PAGES} are read.`);
  const sizes = [...stdout.matchAll(/^Page +\d+ size: +([\d.]+) x ([\d.]+) pts/gm)];
  return { pages, longest: Math.max(0, ...sizes.flatMap(([, width, height]) => [Number(width), Number(height)])) };
}
