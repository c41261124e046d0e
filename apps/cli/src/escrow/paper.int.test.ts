import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { READ_BY_HAND } from "./paper-cover.ts";
import { packageIt, unpackageIt } from "./testing/command.ts";
import { bindPages, convert, envOf, pick, scanPages } from "./testing/pages.ts";

const folder = mkdtempSync(join(tmpdir(), "escrow-paper-"));
const at = (...names: string[]) => join(folder, ...names);
const env = envOf(12_000);
let pages: string[];
let otherPages: string[];

beforeAll(async () => {
  pages = await printAndScan("own", env, at("pages"));
  otherPages = (await printAndScan("other", envOf(6000, "other.example"), at("other-pages"))).slice(0, 4);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function printAndScan(name: string, text: string, to: string): Promise<string[]> {
  mkdirSync(at(name));
  writeFileSync(at(name, "env.yml"), text);
  await packageIt(at(name, "env.yml"));
  return scanPages(at(name, "env.yml.pdf"), to);
}

let results = 0;
async function readBack(source: string) {
  const out = at(`result-${(results += 1)}.yml`);
  const { said } = await unpackageIt(source, { out });
  return { text: readFileSync(out, "utf8"), said: said.join("\n"), mode: statSync(out).mode & 0o777 };
}

describe("env.yml on paper", () => {
  it("is readable text with umlauts, and whole lines", () => {
    const text = execFileSync("pdftotext", ["-layout", at("own/env.yml.pdf"), "-"]).toString();
    expect(text).toContain("# für Österreich, lang lang");
    for (const line of env.split("\n").slice(2)) expect(text).toContain(line);
  });

  it("is the identical file again, from the PDF and from its pages", async () => {
    expect(await readBack(at("own/env.yml.pdf"))).toMatchObject({ text: env, mode: 0o600 });
    expect((await readBack(at("pages"))).text).toBe(env);
  });

  it("is read from a PDF whose pages a scanner took for posters, at no more than their worth of pixels", async () => {
    const images = pages.slice(1, 5).map((page) => at("pages", page));
    await bindPages(images, [8400, 11880], at("poster.pdf"));
    expect((await readBack(at("poster.pdf"))).text).toBe(env);
  });

  it("is read with the printed instructions alone, letter by letter", () => {
    const cover = execFileSync("pdftotext", ["-layout", "-l", "1", at("own/env.yml.pdf"), "-"]).toString();
    for (const line of READ_BY_HAND) expect(cover).toContain(line.trim());
    const byHand = pick(at("pages"), pages, at("by-hand"));
    const printed = execFileSync("bash", ["-uc", READ_BY_HAND.join("\n")], {
      cwd: byHand,
      stdio: ["ignore", "pipe", "ignore"],
    });
    expect(readFileSync(join(byHand, "env.yml"), "utf8")).toBe(env);
    expect(cover.replaceAll(/\s/g, "")).toContain(printed.toString().slice(32, 64));
  });

  it("is read from scans that lie askew, on their side or on their head, as noisy JPEG, blurred, mixed up and twice", async () => {
    mkdirSync(at("scans"));
    const ways = [
      ["-rotate", "2"],
      ["-rotate", "90"],
      ["-rotate", "181"],
      ["-blur", "0x0.8"],
      ["-rotate", "-2"],
    ];
    for (const [index, page] of pages.slice(1, 5).entries()) {
      const way = ways[index % ways.length] ?? [];
      const noise = ["-attenuate", "0.5", "+noise", "Gaussian", "-quality", "60"];
      convert(
        at("pages", page),
        ["-background", "white", ...way, ...noise],
        at("scans", `${pages.length - index}.jpg`),
      );
    }
    pick(at("pages"), pages.slice(1, 2), at("scans"));
    expect((await readBack(at("scans"))).text).toBe(env);
  });

  it("is made again from the spare codes when a page is lost, and says so", async () => {
    const left = pick(at("pages"), pages.toSpliced(2, 1), at("without-page-3"));
    const { text, said } = await readBack(left);
    expect(text).toBe(env);
    expect(said).toContain("Made again from the spare codes: code 5, 6, 7, 8 (page 3).");
  });

  it("is made again when a code of a page is damaged, which is named", async () => {
    const left = pick(at("pages"), pages.toSpliced(2, 1), at("damaged"));
    const damage = ["-fill", "white", "-draw", "rectangle 200,400 450,600"];
    convert(at("pages", pages[2] ?? ""), damage, join(left, "stained.png"));
    const { text, said } = await readBack(left);
    expect(text).toBe(env);
    expect(said).toContain("stained.png: code 6, 7, 8 of 12, something that cannot be read");
    expect(said).toContain("Made again from the spare codes: code 5 (page 3).");
  });

  it("is not made up when too much is lost: the missing codes and their pages are named", async () => {
    const few = pick(at("pages"), pages.slice(0, 2), at("few"));
    writeFileSync(join(few, "broken.png"), "no image");
    await expect(readBack(few)).rejects.toMatchObject({
      code: "CODES_MISSING",
      message: expect.stringMatching(
        /code 5, 6, 7, 8 \(page 3\) and 9, 10, 11, 12 \(page 4\) of 12 missing[^]*broken\.png is no image/,
      ),
    });
  });

  it("is told apart from a page of another server among its own, which is named", async () => {
    const mixed = pick(at("pages"), pages, at("mixed"));
    copyFileSync(at("other-pages", otherPages[1] ?? ""), join(mixed, "foreign.png"));
    const { text, said } = await readBack(mixed);
    expect(text).toBe(env);
    expect(said).toContain(`Left aside, of another file ${idOf("other")}: foreign.png.`);
  });

  it("is asked for by its number when two files are whole", async () => {
    const both = pick(at("pages"), pages, at("both"));
    for (const page of otherPages) copyFileSync(at("other-pages", page), join(both, `other-${page}`));
    await expect(readBack(both)).rejects.toMatchObject({
      code: "SEVERAL_FILES",
      remedy: expect.stringContaining("--id"),
    });
    await unpackageIt(both, { out: at("other.yml"), id: idOf("other") });
    expect(readFileSync(at("other.yml"), "utf8")).toBe(readFileSync(at("other/env.yml"), "utf8"));
  });
});

/** As people find it, at the foot of a page. */
function idOf(name: string): string {
  const cover = execFileSync("pdftotext", ["-layout", "-l", "1", at(name, "env.yml.pdf"), "-"]).toString();
  return /file ([0-9A-F]{8})\s*$/m.exec(cover)?.[1] ?? "none";
}
