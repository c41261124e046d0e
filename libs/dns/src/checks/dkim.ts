import type { Dns } from "../ask.ts";
import type { DnsRecord } from "../records.ts";
import { parseTags } from "../tags.ts";
import type { Finding } from "./record-check.ts";

/** The published key is the one that mail is signed with; RFC 6376 section 3.6.1. */
export async function checkDkim({ name, value }: DnsRecord, dns: Dns): Promise<Finding> {
  const found = await dns.texts(name);
  if (found.length === 0) return { found };
  if (found.length > 1)
    return { found, faults: [`${name} has ${found.length} TXT records; receivers take any of them.`] };
  const tags = parseTags(found[0]!);
  if (!tags) return { found, faults: ["It is no DKIM record: 'name=value' with ';' between them is needed."] };
  const testing = tags.get("t")?.split(":").includes("y") ?? false;
  return {
    found,
    faults: faultsOf(tags, keyOf(parseTags(value))),
    warnings: testing ? ["'t=y' says that the key is only tried; receivers take the mail for not signed."] : [],
  };
}

const keyOf = (tags: Map<string, string> | undefined) => tags?.get("p")?.replaceAll(/\s/g, "");

/** A tag that is not there has a default that fits. */
function faultsOf(tags: Map<string, string>, key: string | undefined): string[] {
  const lists = (tag: string, ...words: string[]) =>
    (tags.get(tag) ?? words[0]!).split(":").some((word) => words.includes(word.trim().toLowerCase()));
  const found = keyOf(tags);
  return [
    ...(tags.has("v") && tags.get("v") !== "DKIM1" ? ["Its 'v=' is not DKIM1."] : []),
    ...(lists("k", "rsa") ? [] : ["Its 'k=' is not rsa."]),
    ...(lists("s", "*", "email") ? [] : ["Its 's=' is not for mail."]),
    ...(lists("h", "sha256") ? [] : ["Its 'h=' does not allow sha256."]),
    ...(found === "" ? ["Its key is empty, which means that it was taken back."] : []),
    ...(found !== "" && found !== key ? ["Its key is not that of appliance:dkim:key."] : []),
  ];
}
