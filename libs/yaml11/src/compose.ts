import { Composer, type CST, type Document } from "yaml";
import { faultOfSyntax } from "./syntax-faults.ts";
import type { Report } from "./problems.ts";

/** `failsafe` leaves every scalar as text: what unquoted text means is decided by PyYAML's rules, in scalars.ts. */
const options = { version: "1.1", schema: "failsafe", resolveKnownTags: false, uniqueKeys: false } as const;

/** Builds the document of `tokens` and reports every error of syntax; warnings count as errors. */
export function compose(tokens: CST.Token[], length: number, report: Report): Document.Parsed | undefined {
  const [document] = withoutStackTraces(() => [...new Composer(options).compose(tokens, true, length)]);
  if (!document) return undefined;
  for (const { code, pos } of document.errors) report(pos[0], faultOfSyntax(code));
  for (const { code, pos } of document.warnings) {
    // Unknown tags were reported already; the known ones are unknown to `failsafe` only.
    if (code !== "TAG_RESOLVE_FAILED") report(pos[0], faultOfSyntax(code));
  }
  return document;
}

/** The reader makes an Error object for each fault; the traces would cost seconds on a file of thousands. */
function withoutStackTraces<T>(work: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = before;
  }
}
