import PdfDocument from "pdfkit";
import { readAsset } from "./assets.ts";
import { listLines } from "./listing.ts";
import { drawCodes } from "./paper-codes.ts";
import { drawCover } from "./paper-cover.ts";
import { CODES_PER_PAGE, PAGE, pageOfCode, pageOfSpares } from "./paper-layout.ts";
import { COLUMNS, LINES_PER_PAGE, drawListing } from "./paper-listing.ts";
import { addPage, type Document } from "./paper-style.ts";
import { splitFile } from "./split.ts";

/**
 * `env.yml.pdf`: a cover with the instructions, the file as codes, spare codes, and the file as text.
 * @throws OperatorError `ENV_TOO_LARGE`
 */
export async function printOnPaper(file: Uint8Array, domain: string, madeAt: Date): Promise<Buffer> {
  const codes = splitFile(file);
  const { parts, spares, id } = codes;
  const listing = chunks(listLines(file, COLUMNS), LINES_PER_PAGE);
  const pages = pageOfSpares(parts.length) + listing.length;
  const document = await open(domain, madeAt);
  const written = document.toArray();
  let page = 0;
  const onNextPage = (draw: () => void) => {
    page += 1;
    addPage(document, page, { domain, id, pages });
    draw();
  };
  onNextPage(() => drawCover(document, { domain, madeAt, bytes: file.length, pages }, codes));
  for (const four of chunks(parts, CODES_PER_PAGE))
    onNextPage(() =>
      drawCodes(
        document,
        titleOf(
          four.map(({ number }) => number),
          parts.length,
        ),
        four,
      ),
    );
  onNextPage(() => drawCodes(document, `Spare codes for one lost page of 2 to ${pageOfCode(parts.length)}`, spares));
  for (const lines of listing) onNextPage(() => drawListing(document, lines));
  document.end();
  return Buffer.concat(await written);
}

const titleOf = (numbers: readonly number[], count: number) => `Codes ${numbers[0]} to ${numbers.at(-1)} of ${count}`;

/** All letters come from one font in the file itself, so that each printer has the umlauts and no viewer picks another. */
async function open(domain: string, madeAt: Date): Promise<Document> {
  const document = new PdfDocument({
    size: [PAGE.width, PAGE.height],
    margin: 0,
    autoFirstPage: false,
    // No font of pdfkit's own, which it would read from files.
    font: "",
    info: { Title: `env.yml of ${domain}`, CreationDate: madeAt, ModDate: madeAt },
  });
  return document.font(await readAsset("DejaVuSansMono.ttf"));
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
