import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import PdfDocument from "pdfkit";

/** An env.yml of about this many bytes that hardly compresses, with umlauts and a line that is longer than paper is wide. */
export function envOf(bytes: number, domain = "ecs.example"): string {
  const head = `#cloud-config\n# für Österreich, ${"lang ".repeat(60)}\nappliance:\n  domain: ${domain}\n`;
  const lines: string[] = [];
  for (let length = head.length; length < bytes; length += 67) lines.push(`# ${randomBytes(48).toString("base64")}`);
  return `${head}${lines.join("\n")}\n`;
}

/** The pages of a PDF as grey PNG files, `page-01.png` and so on, as a scanner with 150 dpi makes them. */
export function scanPages(pdf: string, folder: string): string[] {
  mkdirSync(folder, { recursive: true });
  execFileSync("pdftoppm", ["-gray", "-png", "-r", "150", pdf, join(folder, "page")]);
  return readdirSync(folder).sort();
}

/** ImageMagick's `convert FROM OPTIONS TO`, without a shell. */
export function convert(from: string, options: readonly string[], to: string): void {
  execFileSync("convert", [from, ...options, to]);
}

/** A PDF of images, each filling a page of this size in points. */
export async function bindPages(images: readonly string[], size: [number, number], pdf: string): Promise<void> {
  const document = new PdfDocument({ size, margin: 0, autoFirstPage: false });
  const written = document.toArray();
  for (const image of images) document.addPage().image(image, 0, 0, { fit: size });
  document.end();
  writeFileSync(pdf, Buffer.concat(await written));
}

/** Copies pages into a folder of their own. */
export function pick(from: string, names: readonly string[], folder: string): string {
  mkdirSync(folder, { recursive: true });
  for (const name of names) copyFileSync(join(from, name), join(folder, name));
  return folder;
}
