import type { Dns } from "../ask.ts";
import type { DnsRecord } from "../records.ts";
import { evaluateSpf } from "../spf/evaluate.ts";
import { isSpf } from "../spf/parse.ts";
import type { Finding } from "./record-check.ts";

/** An address of documentation (RFC 5737), which matches nothing, so that all terms are gone through. */
const STRANGER = "192.0.2.1";

/** Whatever the record says, it lets `address` send and leaves the limits of receivers alone, for every sender. */
export async function checkSpf({ name }: DnsRecord, address: string | undefined, dns: Dns): Promise<Finding> {
  const found = (await dns.texts(name)).filter(isSpf);
  if (found.length === 0) return { found };
  if (found.length > 1)
    return { found, faults: [`${name} has ${found.length} SPF records, which counts as an error; keep one.`] };
  const { result, fault } = await evaluateSpf(dns, name, STRANGER);
  if (fault !== undefined) return { found, faults: [`The SPF record ${fault}; receivers take no notice of it.`] };
  const own = address === undefined ? "pass" : (await evaluateSpf(dns, name, address)).result;
  return {
    found,
    faults: own === "pass" ? [] : [`The SPF record does not let ${address} send: it comes to ${own}.`],
    warnings: [
      ...(result === "pass" ? ["The SPF record lets everybody send."] : []),
      ...(/ [+~?-]?ptr\b/i.test(found[0]!)
        ? ["The SPF record has 'ptr', which is slow and not looked at by all."]
        : []),
    ],
  };
}
