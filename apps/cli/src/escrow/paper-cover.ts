import type { Codes } from "./split.ts";
import { PAGE, mm, pageOfCode, pageOfSpares } from "./paper-layout.ts";
import { INK, QUIET, write, type Document } from "./paper-style.ts";

export interface CoverFacts {
  domain: string;
  madeAt: Date;
  bytes: number;
  pages: number;
}

/** Without us, with programs that each Linux has or can get. The test of this page carries them out as they stand here. */
export const READ_BY_HAND = [
  "umask 077",
  "zbarimg -q --raw -S disable -S qrcode.enable *.png > codes",
  "grep '^ENVYML1 ' codes | sort -u | cut -d ' ' -f 5 | tr -d '\\n' \\",
  "  | base32 -d | gunzip > env.yml",
  "sha256sum env.yml",
];

const SIZE = 9;
const LINE = mm(5);

type Block = { text: readonly string[]; title?: string; inset?: boolean };

/** What this is, how it is kept, and how it becomes a file again, with us and without. */
export function drawCover(document: Document, facts: CoverFacts, codes: Codes): void {
  write(document, "env.yml", { x: PAGE.margin, y: mm(27), size: 24 });
  write(document, facts.domain, { x: PAGE.margin, y: mm(39), size: 13, colour: QUIET });
  let y = mm(54);
  for (const { title, text, inset = false } of blocks(facts, codes)) {
    if (title) write(document, title, { x: PAGE.margin, y, size: 11 });
    if (title) y += mm(7);
    for (const line of text) {
      write(document, line, { x: PAGE.margin + (inset ? mm(6) : 0), y, size: SIZE, colour: INK });
      y += LINE;
    }
    y += mm(title || inset ? 4.5 : 3);
  }
}

function blocks({ madeAt, bytes, pages }: CoverFacts, { id, sha256, parts, spares }: Codes): Block[] {
  const last = pageOfCode(parts.length);
  const spare = pageOfSpares(parts.length);
  return [
    {
      text: [
        "This paper is the server: its passwords, its keys, the way into its backups.",
        "Whoever holds it can become the server. Keep it in a safe, in another building,",
        "and destroy it once there is a newer one.",
      ],
    },
    {
      title: "What is here",
      inset: true,
      text: [
        `pages 2 to ${last}`.padEnd(16) + `the file as ${parts.length} codes`,
        `page ${spare}`.padEnd(16) + `${spares.length} spare codes: any one page before may be lost`,
        `pages ${spare + 1} to ${pages}`.padEnd(16) + "the file as text, to be read",
        "",
        "made".padEnd(16) + madeAt.toISOString().slice(0, 16).replace("T", " ") + " UTC",
        "length".padEnd(16) + `${bytes} bytes`,
        "file".padEnd(16) + id,
        "SHA-256".padEnd(16) + sha256.slice(0, 32).toLowerCase(),
        "".padEnd(16) + sha256.slice(32).toLowerCase(),
      ],
    },
    {
      title: "To make it a file again",
      text: [
        `Scan or photograph pages 2 to ${spare} into an empty folder: PNG or JPEG, 150 dpi or more, grey`,
        "is enough, in any order. With the appliance, or where Docker has its image:",
      ],
    },
    {
      inset: true,
      text: [
        "appliance env unpackage FOLDER --out env.yml",
        'docker run --rm -v "$PWD:/work" appliance/tools env unpackage FOLDER --out env.yml',
      ],
    },
    {
      title: "Without the appliance",
      text: [
        "In the folder of the pages as PNG files, on a Linux with zbarimg (package zbar-tools) and",
        "coreutils; pages that were scanned to a PDF: pdftoppm -r 200 -png scan.pdf page",
      ],
    },
    { inset: true, text: READ_BY_HAND },
    {
      text: [
        "The last line must show the SHA-256 above. If it does not, a code is missing; which ones",
        "were read, says: cut -d ' ' -f 1,3 codes | sort -u",
      ],
    },
    {
      text: [
        "A code is ENVYML1, file, number/count, SHA-256 of the file, data, and the CRC-32 of the",
        "text before it. The data are base32: joined in order, the file as gzip writes it, with",
        "zeros at its end. ENVYML1S is a spare: the exclusive or of the data of codes s, s+4, s+8…",
      ],
    },
  ];
}
