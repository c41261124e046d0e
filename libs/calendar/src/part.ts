/** A piece of an expression and where it stands; columns count from 1. */
export interface Part {
  readonly text: string;
  readonly column: number;
}

const REMEDY =
  "Write it as systemd.time(7) has it, for example 'daily', 'Sun *-*-* 06:30:00' or 'Mon..Fri 22:00 Europe/Vienna'.";

/** What is wrong with one part; parseCalendar makes the operator's error of it. */
export class InvalidPart extends Error {
  readonly part: Part;
  readonly remedy: string;

  constructor(part: Part, problem: string, remedy: string) {
    super(problem);
    this.part = part;
    this.remedy = remedy;
  }
}

export function fail(part: Part, problem: string, remedy: string = REMEDY): never {
  throw new InvalidPart(part, problem, remedy);
}

/** The words between spaces. */
export function splitWords(text: string): Part[] {
  return [...text.matchAll(/\S+/g)].map((match) => ({ text: match[0], column: match.index + 1 }));
}

/** `part` cut at each character of `separators`, empty pieces kept. */
export function splitPart(part: Part, separators: string): Part[] {
  const pieces: Part[] = [];
  let start = 0;
  for (let end = 0; end <= part.text.length; end++) {
    const character = part.text[end];
    if (character !== undefined && !separators.includes(character)) continue;
    pieces.push({ text: part.text.slice(start, end), column: part.column + start });
    start = end + 1;
  }
  return pieces;
}
