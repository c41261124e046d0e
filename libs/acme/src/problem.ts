import * as z from "zod";

/** RFC 8555 section 6.7.1: what stands before the word of each of ACME's own error types. */
const ACME_PREFIX = /^urn:ietf:params:acme:error:/;
const LONGEST_TEXT = 500;
const MOST_SUBPROBLEMS = 200;

/** A text of the authority, fit for a line of a terminal or a log. */
const text = z.string().transform((value) =>
  value
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .trim()
    .slice(0, LONGEST_TEXT),
);

const identifier = z.object({ type: z.string(), value: text });

const fields = {
  /** ACME's types are a word, such as `rateLimited`; others a URI. */
  type: text.default("about:blank").transform((type) => type.replace(ACME_PREFIX, "")),
  detail: text.default(""),
  title: text.optional(),
  instance: text.optional(),
};

/** A problem document (RFC 9457) as ACME uses it: what the authority says is wrong, in its own words. */
export const problemSchema = z.object({
  ...fields,
  status: z.number().int().optional(),
  subproblems: z
    .array(z.object({ ...fields, identifier: identifier.optional() }))
    .transform((all) => all.slice(0, MOST_SUBPROBLEMS))
    .optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** What is wrong with one name of an order. */
export interface NameFailure {
  name: string;
  /** The authority's word for it, such as `dns`, `connection`, `unauthorized`, `caa`. */
  type: string;
  detail: string;
}

/** The problem document in the body of an answer; undefined when it holds none, such as a page of HTML. */
export function readProblem(body: Buffer): Problem | undefined {
  try {
    const parsed: unknown = JSON.parse(body.toString());
    return problemSchema.safeParse(parsed).data;
  } catch {
    return undefined;
  }
}

/** What the subproblems say of single names. */
export function failuresIn(problem: Problem | undefined): NameFailure[] {
  return (problem?.subproblems ?? []).flatMap(({ identifier, type, detail }) =>
    identifier === undefined ? [] : [{ name: identifier.value, type, detail }],
  );
}
