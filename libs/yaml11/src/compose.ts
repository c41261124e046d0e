import { Composer, type CST, type Document } from "yaml";
import { faultOfSyntax } from "./syntax-faults.ts";
import type { Report } from "./problems.ts";

/** `failsafe` leaves every scalar as text: what unquoted text means is decided by PyYAML's rules, in scalars.ts. */
const options = { version: "1.1", schema: "failsafe", resolveKnownTags: false, uniqueKeys: false } as const;

/**
 * Builds the document of `tokens` and reports every error of syntax; warnings count as errors.
 * @returns undefined with any: values that are read from broken syntax stand in the wrong place, and so would what is wrong with them
 */
export function compose(tokens: CST.Token[], length: number, report: Report): Document.Parsed | undefined {
  const [document] = withoutStackTraces(() => [...new Composer(options).compose(tokens, true, length)]);
  if (!document) return undefined;
  // Unknown tags were reported already; the known ones are unknown to `failsafe` only.
  const warnings = document.warnings.filter(({ code }) => code !== "TAG_RESOLVE_FAILED");
  const faults = [...document.errors, ...warnings];
  for (const { code, pos } of faults) report(pos[0], faultOfSyntax(code));
  return faults.length === 0 ? document : undefined;
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
