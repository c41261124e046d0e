import { readFile, rm, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CommandError } from "@appliance/command";
import { unreadable } from "./failures.ts";
import type { Toolbox } from "./toolbox.ts";

/** Of our own PDF anything would do; this also serves one that a scanner made. */
const DPI = "200";
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
  const pages = await countPages(name, pdf, run);
  for (let first = 1; first <= pages; first += BATCH) {
    const last = Math.min(first + BATCH - 1, pages);
    const range = ["-f", String(first), "-l", String(last)];
    await run("pdftoppm", ["-gray", "-r", DPI, ...range, pdf, join(folder, "page")]);
    for (const file of (await readdir(folder)).filter((entry) => /^page-\d+\.pgm$/.test(entry)).sort()) {
      const number = Number(/\d+/.exec(file)?.[0]);
      yield { name: `page ${number} of ${name}`, bytes: await readFile(join(folder, file)) };
      await rm(join(folder, file));
    }
  }
}

async function countPages(name: string, pdf: string, run: Toolbox): Promise<number> {
  const { stdout } = await run("pdfinfo", [pdf]).catch((cause: unknown) => {
    if (!(cause instanceof CommandError) || cause.code !== "COMMAND_FAILED") throw cause;
    const why = cause.stderrTail.includes("Incorrect password") ? "it is protected by a password" : "it is damaged";
    throw unreadable(`${name} cannot be read: ${why}.`, { cause });
  });
  const pages = Number(/^Pages:\s+(\d+)/m.exec(stdout)?.[1]);
  if (!(pages > 0 && pages <= MOST_PAGES))
    throw unreadable(`${name} has ${pages} pages, at most ${MOST_PAGES} are read.`);
  return pages;
}
