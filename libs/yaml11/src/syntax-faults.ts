import type { ErrorCode } from "yaml";
import type { Fault } from "./problems.ts";

/** Our own words for each code of the reader, because its messages quote the file, and so its secrets. */
const faults: Record<ErrorCode, Fault> = {
  ALIAS_PROPS: { message: "an alias with an anchor or a tag", remedy: "Write only *name." },
  BAD_ALIAS: { message: "an anchor or alias without a clear name", remedy: "Use letters and digits, then a blank." },
  BAD_COLLECTION_TYPE: { message: "the tag does not fit the value", remedy: "Remove the tag." },
  BAD_DIRECTIVE: { message: "a directive that cannot be read", remedy: "Remove the line that begins with %." },
  BAD_DQ_ESCAPE: {
    message: "unknown escape in double quotes",
    remedy: "Write a backslash twice, or use single quotes, where a backslash is an ordinary character.",
  },
  BAD_INDENT: {
    message: "wrong indentation",
    remedy: "Begin the keys of one mapping in the same column, and close every [ and { further up.",
  },
  BAD_PROP_ORDER: { message: "an anchor or tag in the wrong place", remedy: "Write it right before its value." },
  BAD_SCALAR_START: {
    message: "a value must not begin with this character",
    remedy: "Put the value in single quotes.",
  },
  BLOCK_AS_IMPLICIT_KEY: {
    message: "a second 'key:' on the same line",
    remedy: "Put a value that holds a colon and a blank in quotes, or begin a new line.",
  },
  BLOCK_IN_FLOW: { message: "block style inside [ ] or { }", remedy: "Write it in [ ] or { } too, or as a block." },
  DUPLICATE_KEY: { message: "the key is there twice", remedy: "Remove one of the two." },
  IMPOSSIBLE: { message: "this cannot be read", remedy: "Write it in plain 'key: value' lines." },
  KEY_OVER_1024_CHARS: { message: "a key of more than 1024 characters", remedy: "Is a quote or line end missing?" },
  MISSING_CHAR: {
    message: "a mark is missing",
    remedy: "Look for a quote, bracket, brace, comma or colon that is not there, here or further up.",
  },
  MULTILINE_IMPLICIT_KEY: {
    message: "a key over more than one line",
    remedy: "Write the key on one line, with a colon and a blank behind it.",
  },
  MULTIPLE_ANCHORS: { message: "two anchors at one value", remedy: "Remove one." },
  MULTIPLE_DOCS: { message: "a second document begins", remedy: "Keep one document in the file." },
  MULTIPLE_TAGS: { message: "two tags at one value", remedy: "Remove both." },
  NON_STRING_KEY: { message: "a key that is not text", remedy: "Write the key as one word." },
  RESOURCE_EXHAUSTION: { message: "too much nesting", remedy: "Write it flatter." },
  TAB_AS_INDENT: { message: "a tab as indentation", remedy: "Indent with blanks." },
  TAG_RESOLVE_FAILED: { message: "the tag does not fit the value", remedy: "Remove the tag." },
  UNEXPECTED_TOKEN: {
    message: "this does not belong here",
    remedy: "Look for a missing quote or line end just before, or put the value in quotes.",
  },
};

export function faultOfSyntax(code: ErrorCode): Fault {
  return faults[code];
}
