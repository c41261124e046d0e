import type { Path, Position, YamlDocument } from "@appliance/yaml11";
import type { Problem } from "./problem.ts";

/** As the manual writes a path: `appliance:extra:files:0:path`. */
export const joinPath = (path: Path): string => path.join(":");

/** What all places of one file share. */
export interface Reading {
  file: string;
  document: YamlDocument;
  /** The lines of the file as they stand there. */
  lines: readonly string[];
  problems: Problem[];
  /** Every path of the table, for a key that stands in the wrong section. */
  knownPaths: readonly string[];
  /** Given where the file has only some of the settings. */
  part?: PartRules | undefined;
}

/** How a file is read that is not a whole env.yml. */
export interface PartRules {
  unknownKeys: Problem["severity"];
}

/** What may follow a message; see `Problem`. */
interface Hint {
  suggestion?: string | undefined;
  remedy?: string | undefined;
}

/** One place of env.yml, whether something stands there or not. */
export class Place {
  readonly path: Path;
  /** Plain data; undefined where nothing stands. */
  readonly value: unknown;
  readonly #reading: Reading;

  constructor(reading: Reading, path: Path, value: unknown) {
    this.#reading = reading;
    this.path = path;
    this.value = value;
  }

  at(key: string | number): Place {
    const inside = typeof this.value === "object" && this.value !== null && Object.hasOwn(this.value, key);
    return new Place(this.#reading, [...this.path, key], inside ? Reflect.get(this.value, key) : undefined);
  }

  /** A part of the value, reported where the whole is. */
  withValue(part: unknown): Place {
    return new Place(this.#reading, this.path, part);
  }

  /** The key itself, whatever stands behind it: problems are reported where the key is. */
  key(name: string): Place {
    return new Place(this.#reading, [...this.path, name], undefined);
  }

  /** The characters of an unquoted scalar as they stand in the file: `0600` where `value` is the number 384. */
  get source(): string | undefined {
    return this.#reading.document.scalarSource(this.path)?.text;
  }

  /** True when nothing stands here, or a key with nothing behind it. */
  get isUnset(): boolean {
    return this.value === undefined || this.value === null;
  }

  get errorCount(): number {
    return this.#reading.problems.filter((problem) => problem.severity === "error").length;
  }

  get knownPaths(): readonly string[] {
    return this.#reading.knownPaths;
  }

  /** True when what is not here may stand elsewhere, so that nothing is missing and nothing is compared. */
  get isPart(): boolean {
    return this.#reading.part !== undefined;
  }

  unknownKey(message: string, hint: Hint = {}): void {
    this.#report(this.#reading.part?.unknownKeys ?? "warning", message, hint);
  }

  error(message: string, hint: Hint = {}): void {
    this.#report("error", message, hint);
  }

  warning(message: string, hint: Hint = {}): void {
    this.#report("warning", message, hint);
  }

  /**
   * An error at a line and column of the text that stands here. In a literal block (`|`) that is a place of the file; in any
   * other text the message names it.
   */
  errorInside({ line, column }: Position, message: string, hint: Hint = {}): void {
    const position = this.#positionInside(line, column);
    if (position) this.#report("error", message, hint, position);
    else this.error(line === 1 ? message : `line ${line} of it: ${message}`, hint);
  }

  #report(
    severity: Problem["severity"],
    message: string,
    { suggestion, remedy }: Hint,
    { line, column }: Position = this.#position(),
  ): void {
    const { file, problems } = this.#reading;
    problems.push({
      severity,
      file,
      line,
      column,
      path: joinPath(this.path),
      message,
      ...(suggestion === undefined ? {} : { suggestion }),
      ...(remedy === undefined ? {} : { remedy }),
    });
  }

  /** The block begins below its `|`, and each of its lines ends as the line of the file does, behind the indentation. */
  #positionInside(line: number, column: number): Position | undefined {
    if (typeof this.value !== "string") return undefined;
    const { document, lines } = this.#reading;
    const text = this.value.split("\n")[line - 1];
    const lineInFile = document.positionOf(this.path).line + line;
    const inFile = lines[lineInFile - 1];
    if (text === undefined || inFile === undefined || !inFile.endsWith(text)) return undefined;
    const indentation = inFile.slice(0, inFile.length - text.length);
    return indentation.trim() === "" ? { line: lineInFile, column: indentation.length + column } : undefined;
  }

  /** Of the value; where none stands, of the key; where no key stands, of the nearest section around it. */
  #position(): Position {
    const { document } = this.#reading;
    return this.isUnset ? document.keyPositionOf(this.path) : document.positionOf(this.path);
  }
}
