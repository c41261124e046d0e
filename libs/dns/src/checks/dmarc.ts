import type { Dns } from "../ask.ts";
import type { DnsRecord } from "../records.ts";
import { parseTags } from "../tags.ts";
import type { Finding } from "./record-check.ts";

/** Tags of RFC 7489 that its successor took out; receivers leave them unread. */
const FORMER = ["pct", "rf", "ri"];

/** There is one policy, and receivers can read it; what it asks for is the operator's choice. RFC 9989 section 4.7. */
export async function checkDmarc({ name }: DnsRecord, dns: Dns): Promise<Finding> {
  const found = (await dns.texts(name)).filter((text) => /^v\s*=\s*DMARC1\s*(?:;|$)/.test(text));
  if (found.length === 0) return { found };
  if (found.length > 1)
    return { found, faults: [`${name} has ${found.length} DMARC records, which counts as none; keep one.`] };
  const tags = parseTags(found[0]!);
  if (!tags) return { found, faults: ["It is no DMARC record: 'name=value' with ';' between them is needed."] };
  return { found, faults: faultsOf(tags), warnings: warningsOf(tags) };
}

function faultsOf(tags: Map<string, string>): string[] {
  const policies = ["p", "sp", "np"].filter((tag) => tags.has(tag));
  const wrong = policies.filter((tag) => !/^(?:none|quarantine|reject)$/i.test(tags.get(tag)!));
  return [
    ...(tags.has("p") ? [] : ["It has no 'p=', which older receivers need."]),
    ...wrong.map((tag) => `Its '${tag}=' is neither none nor quarantine nor reject.`),
  ];
}

function warningsOf(tags: Map<string, string>): string[] {
  return [
    ...(tags.get("p")?.toLowerCase() === "none" ? ["'p=none' lets forged mail through."] : []),
    ...(tags.get("t")?.toLowerCase() === "y" ? ["'t=y' says that the policy is only tried."] : []),
    ...FORMER.filter((tag) => tags.has(tag)).map((tag) => `'${tag}=' has no meaning any more; leave it out.`),
  ];
}
