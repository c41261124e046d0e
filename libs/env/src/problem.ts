/** What is wrong or doubtful at one place of env.yml. Never holds the value of a secret setting. */
export interface Problem {
  /** An error refuses the file; a warning is shown and the file is used. */
  severity: "error" | "warning";
  file: string;
  /** Counted from 1, like an editor does. */
  line: number;
  column: number;
  /** As the manual writes it, `appliance:backup:url`; empty when the file as a whole is meant. */
  path: string;
  message: string;
  /** The word that was most likely meant. */
  suggestion?: string;
  /** What to do, as a sentence. */
  remedy?: string;
}

const LONGEST_QUOTE = 60;
const LONGEST_PATH = 200;

/** A problem, or an advice. */
type Shown = Omit<Problem, "severity"> & { severity: Problem["severity"] | "advice" };

/** One line for a terminal: `env.yml:12:7: appliance:backup:url: unknown scheme 'fpt', did you mean 'ftp'?` */
export function formatProblem({ severity, file, line, column, path, message, suggestion, remedy }: Shown): string {
  const key = visible(path, LONGEST_PATH);
  const what = [severity === "error" ? "" : severity, key, message].filter((part) => part !== "").join(": ");
  const hint = suggestion === undefined ? "" : `, did you mean '${suggestion}'?`;
  return `${file}:${line}:${column}: ${what}${hint}${remedy === undefined ? "" : `. ${remedy}`}`;
}

/**
 * Why a file is refused, a line each: its errors, and the misspelt keys beside them, which are warnings but often the cause of a
 * key that is missing.
 */
export function whyRefused(problems: readonly Problem[]): string[] {
  return problems
    .filter(({ severity, suggestion }) => severity === "error" || suggestion !== undefined)
    .map(formatProblem);
}

/** `value` in quotes for a message. */
export function quote(value: string): string {
  return `'${visible(value, LONGEST_QUOTE)}'`;
}

/** One short line that cannot move the cursor of a terminal. */
function visible(text: string, longest: number): string {
  const short = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return short.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);
}
