import { SpfFault } from "./parse.ts";

export interface MacroValues {
  /** The domain whose record is read. */
  domain: string;
  /** Of the sending host, IPv4. */
  address: string;
  /** Whom the mail claims to be from, `postmaster@whatever.example`. */
  sender: string;
}

/** Replaces `%{…}` in what a record writes for a domain; RFC 7208 section 7. @throws SpfFault for a macro that is none */
export function expandMacros(text: string, values: MacroValues): string {
  return text.replaceAll(
    /%(?:\{([a-z])(\d*)(r?)([.+,/_=-]*)\}|(.?))/gi,
    (macro, letter, digits, reverse, delimiters, sign) => {
      if (letter === undefined) return escaped(sign, macro);
      const parts = valueOf(letter.toLowerCase(), values, macro).split(new RegExp(`[${escape(delimiters || ".")}]`));
      const ordered = reverse ? parts.toReversed() : parts;
      return ordered.slice(digits === "" ? 0 : -Number(digits)).join(".");
    },
  );
}

const escape = (delimiters: string) => delimiters.replaceAll(/[-/]/g, "\\$&");

function escaped(sign: string, macro: string): string {
  const stands = { "%": "%", _: " ", "-": "%20" }[sign];
  if (stands === undefined) throw new SpfFault(`has '${macro}', which is no macro`);
  return stands;
}

function valueOf(letter: string, { domain, address, sender }: MacroValues, macro: string): string {
  const [local = "", host = ""] = sender.split("@");
  switch (letter) {
    case "s":
      return sender;
    case "l":
      return local;
    case "o":
    case "h":
      return host;
    case "d":
      return domain;
    case "i":
      return address;
    case "p":
      return "unknown"; // what a receiver may say that does not look; section 7.3
    case "v":
      return "in-addr";
    default:
      throw new SpfFault(`has '${macro}', which is no macro`);
  }
}
