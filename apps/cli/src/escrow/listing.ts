/** One printed line: a line of the file, or what of it did not fit on the line before. */
export interface ListedLine {
  /** The number of the line in the file; undefined where a line goes on. */
  number?: number;
  text: string;
}

/**
 * What the printed font can show, and is told apart when read: Latin, Greek, Cyrillic, and usual signs. Invisible and
 * directed characters are not among it, so that the page cannot say something else than the file.
 */
const PRINTABLE =
  /[\u0020-\u007e\u00a1-\u00ac\u00ae-\u017f\u0218-\u021b\u0386\u0388-\u038a\u038c\u038e-\u03a1\u03a3-\u03ce\u0400-\u045f\u2010-\u2015\u2018-\u201e\u2020-\u2022\u2026\u2030\u20ac\u2122\u2190-\u2193]/;

/** The text of a file as lines of at most `columns` characters; what cannot be shown stands as `\u{1F600}`. */
export function listLines(file: Uint8Array, columns: number): ListedLine[] {
  const lines = new TextDecoder("utf-8", { ignoreBOM: true }).decode(file).replace(/\n$/, "").split("\n");
  return lines.flatMap((line, at) => {
    const pieces = wrap(characters(line), columns);
    return pieces.map((text, piece) => (piece === 0 ? { number: at + 1, text } : { text }));
  });
}

function characters(line: string): string[] {
  return Array.from(line, (character) => (PRINTABLE.test(character) ? character : escaped(character)));
}

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}}`;
}

function wrap(shown: readonly string[], columns: number): string[] {
  const pieces = [""];
  for (const character of shown) {
    const last = pieces.at(-1) ?? "";
    if (last.length + character.length <= columns) pieces[pieces.length - 1] = last + character;
    else pieces.push(character);
  }
  return pieces;
}
