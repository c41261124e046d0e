/** What makes a whole SPF record void; receivers call it permerror. The message goes on after "the SPF record …". */
export class SpfFault extends Error {}

const MECHANISMS = ["all", "include", "a", "mx", "ptr", "ip4", "ip6", "exists"] as const;
export type Mechanism = (typeof MECHANISMS)[number];

/** What a sender that matches is: `+` pass, `-` fail, `~` softfail, `?` neutral. */
export type Qualifier = "+" | "-" | "~" | "?";

export interface Directive {
  qualifier: Qualifier;
  mechanism: Mechanism;
  /** Behind the colon, macros not yet replaced. */
  argument: string | undefined;
  /** Bits of the network, 32 where none is written. */
  prefix: number;
}

export interface SpfRecord {
  directives: Directive[];
  redirect: string | undefined;
}

/** True for a TXT record that is SPF's; RFC 7208 section 4.5. */
export const isSpf = (text: string): boolean => /^v=spf1(?: |$)/i.test(text);

/**
 * Reads a record, RFC 7208 section 12.
 * @throws SpfFault for a word that is no part of SPF
 */
export function parseSpf(text: string): SpfRecord {
  const words = text.split(" ").slice(1).filter(Boolean);
  const redirects = words.filter((word) => /^redirect=/i.test(word));
  if (redirects.length > 1) throw new SpfFault("has more than one redirect=");
  const directives = words.filter((word) => !isModifier(word)).map(parseDirective);
  return { directives, redirect: redirects[0]?.slice("redirect=".length) };
}

/** `name=value`; those that are not known have no effect. */
const isModifier = (word: string) => /^[a-z][a-z0-9_.-]*=/i.test(word);

const DIRECTIVE = /^([+~?-]?)([a-z0-9]+)(?::([^/]*(?:\/(?!\d)[^/]*)*))?(?:\/(\d{1,3}))?(?:\/\/\d{1,3})?$/i;
const NEEDS_ARGUMENT: readonly Mechanism[] = ["include", "ip4", "ip6", "exists"];

function parseDirective(word: string): Directive {
  const [, sign, name = "", argument, prefix] = DIRECTIVE.exec(word) ?? [];
  const mechanism = MECHANISMS.find((known) => known === name.toLowerCase());
  const incomplete = mechanism && NEEDS_ARGUMENT.includes(mechanism) && !argument;
  const tooWide = prefix !== undefined && Number(prefix) > (mechanism === "ip6" ? 128 : 32);
  if (!mechanism || incomplete || tooWide || argument === "")
    throw new SpfFault(`has '${word}', which SPF does not know`);
  return { qualifier: (sign || "+") as Qualifier, mechanism, argument, prefix: Number(prefix ?? 32) };
}
