import { ADDRESS, type DnsRecord } from "./records.ts";

export interface FormatOptions {
  /** The zone that the lines are pasted into, such as `whatever.example`; names are then written as seen from it. */
  zone?: string | undefined;
}

/** The longest string of a TXT record; RFC 1035 section 3.3. */
const LONGEST_STRING = 255;

/**
 * The records as lines of a zone file, with comments.
 *
 * Which zone a domain belongs to cannot be seen in its name, `sub.whatever.example` may be a zone of its own. So owners are
 * written whole, with the dot at their end that makes a line right in every zone; with `zone` they are as short as in the manual.
 */
export function formatRecords(records: readonly DnsRecord[], options: FormatOptions = {}): string {
  const ours = records.filter(({ purpose }) => purpose !== "reverse");
  const reverse = records.filter(({ purpose }) => purpose === "reverse");
  return [
    ...explainAddress(records),
    ...ours.flatMap((record) => [formatRecord(record, options), ...inOnePiece(record)]),
    "; At whom the address is rented from, in the zone of the address:",
    ...reverse.map((record) => formatRecord(record)),
  ].join("\n");
}

/** One record as a line of a zone file, with no line end. */
export function formatRecord({ name, type, value }: DnsRecord, { zone }: FormatOptions = {}): string {
  return `${ownerIn(name, zone)} IN ${type} ${type === "TXT" ? quotedStrings(value) : value}`;
}

function ownerIn(name: string, zone: string | undefined): string {
  if (name === zone) return "@";
  return zone !== undefined && name.endsWith(`.${zone}`) ? name.slice(0, -zone.length - 1) : `${name}.`;
}

/** The text as strings of at most 255 bytes; whoever reads the record joins them without a space. */
function quotedStrings(text: string): string {
  const parts = text.match(new RegExp(`.{1,${LONGEST_STRING}}`, "gs")) ?? [""];
  return parts.map((part) => `"${part.replaceAll(/["\\]/g, "\\$&")}"`).join(" ");
}

/** Many web forms split a long text by themselves and take the quotes for a part of it. */
function inOnePiece({ type, value }: DnsRecord): string[] {
  if (type !== "TXT" || value.length <= LONGEST_STRING) return [];
  return ["; The same in one piece, for a web form:", `;   ${value}`];
}

function explainAddress(records: readonly DnsRecord[]): string[] {
  if (!records.some(({ value }) => value === ADDRESS)) return [];
  return [
    `; ${ADDRESS} is the public IPv4 address of the server, such as 1.2.3.4,`,
    `; and ${ADDRESS}-REVERSED its numbers from behind, 4.3.2.1.`,
  ];
}
