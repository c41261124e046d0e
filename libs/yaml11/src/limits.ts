/** What a file may cost before it is refused. Every limit is checked before the work that it bounds. */
export interface Limits {
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** Keys of all mappings together, as written. */
  readonly keys: number;
  /** Items of all lists together, as written. */
  readonly items: number;
  /** Mappings and lists inside each other; the top one is 1. */
  readonly depth: number;
  /** Anchors (`&name`), and as many aliases (`*name`). */
  readonly aliases: number;
  /** Characters of all keys and values once every alias is replaced by what it stands for. */
  readonly expandedCharacters: number;
  /** Lines, those of comments and blocks of text among them. */
  readonly lines: number;
  /** Lexical parts: words, marks, blanks, line ends. Bounds the time, since reading costs a few µs a part. */
  readonly parts: number;
}

/** Ten times what the largest known env.yml needs, and still refused with less than 200 ms of work. */
export const defaultLimits: Limits = {
  bytes: 256 * 1024,
  keys: 2000,
  items: 2000,
  depth: 20,
  aliases: 10,
  expandedCharacters: 1_000_000,
  lines: 6000,
  parts: 20_000,
};
