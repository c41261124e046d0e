import type { Position, PositionAt } from "./positions.ts";

/** One thing that is wrong with a file. `line` and `column` are 1-based, the column counts characters. */
export interface Problem extends Position {
  readonly file: string;
  readonly message: string;
  readonly remedy: string;
}

/** What is wrong and what to do. Neither may quote a value of the file: values are secret. */
export interface Fault {
  readonly message: string;
  readonly remedy: string;
}

export type Report = (offset: number, fault: Fault) => void;

/** A file of random bytes has a problem a byte; nobody reads more than this many. */
export const MOST_PROBLEMS = 100;

/** Gathers problems, at most one a place, in the order of the file. */
export class ProblemList {
  readonly #found = new Map<number, Fault>();
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  get isEmpty(): boolean {
    return this.#found.size === 0;
  }

  /** More than will be shown: finding further ones only costs time. */
  get isFull(): boolean {
    return this.#found.size > MOST_PROBLEMS;
  }

  /** The first fault at a place is the cause, later ones there follow from it. */
  readonly report: Report = (offset, fault) => {
    if (!this.#found.has(offset)) this.#found.set(offset, fault);
  };

  toProblems(positionAt: PositionAt): Problem[] {
    const inOrder = [...this.#found].sort(([a], [b]) => a - b);
    const problems = inOrder
      .slice(0, MOST_PROBLEMS)
      .map(([offset, fault]) => ({ file: this.#file, ...positionAt(offset), ...fault }));
    const [next] = inOrder.slice(MOST_PROBLEMS);
    return next ? [...problems, { file: this.#file, ...positionAt(next[0]), ...tooMany }] : problems;
  }
}

const tooMany: Fault = {
  message: `more than ${MOST_PROBLEMS} problems, the rest is not shown`,
  remedy: "Mend the ones above first.",
};
