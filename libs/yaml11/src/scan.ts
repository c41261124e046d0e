import { CST, Lexer, Parser } from "yaml";
import type { Limits } from "./limits.ts";
import type { Fault, Report } from "./problems.ts";
import { isKnownTag } from "./tags.ts";

/**
 * Splits text into the syntax tokens of one document, within the limits.
 * @returns undefined once a limit was passed: reading on is what the limit is there to prevent.
 */
export function scan(text: string, limits: Limits, report: Report): CST.Token[] | undefined {
  const excess = lineStartAfter(text, limits.lines);
  if (excess !== undefined) {
    report(excess, tooManyLines(limits.lines));
    return undefined;
  }
  const lexemes = admittedLexemes(text, limits, report);
  const tokens = lexemes && parseLexemes(lexemes, limits, report);
  return tokens && upToSecondDocument(tokens, report);
}

function upToSecondDocument(tokens: CST.Token[], report: Report): CST.Token[] {
  const [, second] = tokens.filter(({ type }) => type === "document");
  if (!second) return tokens;
  report(second.offset, secondDocument);
  return tokens.slice(0, tokens.indexOf(second));
}

/** A file with too many lines needs no lexer to be refused. */
function lineStartAfter(text: string, lines: number): number | undefined {
  let start = 0;
  for (let line = 0; line <= lines; line += 1) {
    const end = text.indexOf("\n", start);
    if (end < 0) return undefined;
    start = end + 1;
  }
  return start;
}

/** Counts first and parses later, since a file over the limits is then refused in a third of the time. */
function admittedLexemes(text: string, limits: Limits, report: Report): string[] | undefined {
  const gate = new Gate(limits, report);
  const lexemes: string[] = [];
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    if (!gate.admits(lexeme, offset)) return undefined;
    lexemes.push(lexeme);
    if (!isMark(lexeme)) offset += lexeme.length;
  }
  return lexemes;
}

/** Watches the depth at each step, because the composer that follows calls itself for each level. */
function parseLexemes(lexemes: readonly string[], limits: Limits, report: Report): CST.Token[] | undefined {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  let offset = 0;
  for (const lexeme of lexemes) {
    tokens.push(...parser.next(lexeme));
    if (isTooDeep(parser.stack, limits.depth)) {
      report(offset, tooDeep(limits.depth));
      return undefined;
    }
    if (!isMark(lexeme)) offset += lexeme.length;
  }
  return [...tokens, ...parser.end()];
}

/** What the lexer says beside the text itself: a document begins, flow is broken off, text follows. */
const isMark = (lexeme: string) => lexeme === CST.DOCUMENT || lexeme === CST.FLOW_END || lexeme === CST.SCALAR;

type Counted = "part" | "start" | "key" | "item" | "anchor" | "alias";

/** Counts what has a limit and stops at the first excess. */
class Gate {
  readonly #counts: Record<Counted, number> = { part: 0, start: 0, key: 0, item: 0, anchor: 0, alias: 0 };
  readonly #limits: Limits;
  readonly #report: Report;
  #textFollows = false;

  constructor(limits: Limits, report: Report) {
    this.#limits = limits;
    this.#report = report;
  }

  admits(lexeme: string, offset: number): boolean {
    const fault = this.#count("part", this.#limits.parts, tooManyParts) ?? this.#faultOf(lexeme, offset);
    if (fault) this.#report(offset, fault);
    return !fault;
  }

  #faultOf(lexeme: string, offset: number): Fault | undefined {
    const isText = this.#textFollows;
    this.#textFollows = !isText && lexeme === CST.SCALAR;
    const type = isText ? "scalar" : CST.tokenType(lexeme);
    if (type === "map-value-ind") return this.#count("key", this.#limits.keys, tooManyKeys);
    if (type === "seq-item-ind" || type === "comma") return this.#count("item", this.#limits.items, tooManyItems);
    if (type === "anchor") return this.#count("anchor", this.#limits.aliases, tooManyAliases);
    if (type === "alias") return this.#count("alias", this.#limits.aliases, tooManyAliases);
    if (type === "tag" && !isKnownTag(lexeme)) this.#report(offset, unknownTag);
    // The first document may begin without its mark, so that only a third mark is too many for certain.
    if (type === "doc-start") return this.#count("start", 2, () => secondDocument);
    return type === "directive-line" && !knownDirective.test(lexeme) ? unknownDirective : undefined;
  }

  #count(what: Counted, most: number, excess: (most: number) => Fault): Fault | undefined {
    this.#counts[what] += 1;
    return this.#counts[what] > most ? excess(most) : undefined;
  }
}

/** `%TAG` could give `!!str` another meaning. */
const knownDirective = /^%YAML[ \t]+1\.[12][ \t]*$/;

function isTooDeep(stack: readonly CST.Token[], depth: number): boolean {
  return stack.length > depth && stack.filter((token) => "items" in token).length > depth;
}

const tooDeep = (most: number): Fault => ({
  message: `more than ${most} mappings and lists inside each other`,
  remedy: "Write it flatter.",
});

const tooManyLines = (most: number): Fault => ({
  message: `the file has more than ${most} lines`,
  remedy: "Keep large content outside of this file.",
});

const tooManyParts = (most: number): Fault => ({
  message: `the file has more than ${most} words, marks and line ends`,
  remedy: "Keep large content outside of this file, or write it as one block of text.",
});

export const tooManyKeys = (most: number): Fault => ({
  message: `the file has more than ${most} keys`,
  remedy: "Remove what is not needed; list items and blocks of text are not counted.",
});

const tooManyItems = (most: number): Fault => ({
  message: `the file has lists of more than ${most} items`,
  remedy: "Keep long lists outside of this file.",
});

const tooManyAliases = (most: number): Fault => ({
  message: `the file has more than ${most} anchors or aliases`,
  remedy: "Write the values out.",
});

const secondDocument: Fault = {
  message: "a second document begins",
  remedy: "Keep one document in the file; remove the line ---.",
};

const unknownTag: Fault = {
  message: "unknown tag",
  remedy: `Remove the word that begins with !, or put the text in quotes where the ! belongs to it.`,
};

const unknownDirective: Fault = {
  message: "unknown directive",
  remedy: "Remove the line; only %YAML 1.1 has a meaning here.",
};
