import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

const LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const LONGEST_NAME = 253;

/** A name for DNS, certificates and nginx, RFC 1123 section 2.1; `localhost` too. */
export function checkHostName(name: string, place: Place): void {
  const fault = hostNameFault(name);
  if (fault) return place.error(fault);
  const ascii = toHostName(name);
  if (ascii === name.toLowerCase()) return;
  const mixed = name
    .split(".")
    .map(scriptsOf)
    .find((scripts) => scripts.length > 1);
  const doubt = mixed ? `mixes ${mixed.join(" and ")} letters, which look alike; ` : "";
  place.warning(`${quote(name)} ${doubt}is ${quote(ascii)} in DNS`);
}

/** As DNS and certificates have it: lower case, other letters than a to z as `xn--…`. */
export function toHostName(name: string): string {
  return domainToASCII(name);
}

/** Why `name` is no host name, for a message; undefined when it is one. */
export function hostNameFault(name: string): string | undefined {
  if (isIP(name)) return `${quote(name)} is an address, and a host name is needed`;
  if (/[^\p{L}\p{M}\p{N}.-]/u.test(name))
    return `${quote(name)} is no host name: it may have letters, digits, '-' and '.'`;
  const ascii = domainToASCII(name);
  const labels = ascii.split(".");
  if (ascii === "" || ascii.length > LONGEST_NAME || !labels.every((label) => LABEL.test(label)))
    return `${quote(name)} is no host name: each part between dots has 1 to 63 characters and no '-' at its ends`;
  return /^\d+$/.test(labels.at(-1) ?? "") ? `${quote(name)} is no host name: its last part is a number` : undefined;
}

/**
 * Names of nobody's own: kept free for tests, examples and single networks (RFC 6761, RFC 6762, RFC 8375, ICANN's `internal`, the
 * habit of routers) or for other ways than DNS to look a name up (RFC 7686, RFC 9476).
 */
const PRIVATE = /(?:^|\.)(?:localhost|test|example|invalid|local|home\.arpa|internal|lan|onion|alt)$|\.[0-9]+$/;

/** Whether a name can be one that DNS has for everybody, so that a public authority may certify it; small letters, in ASCII. */
export function isPublicName(name: string): boolean {
  return name.includes(".") && !PRIVATE.test(name);
}

const SCRIPTS = ["Latin", "Cyrillic", "Greek", "Armenian", "Hebrew", "Arabic", "Han"] as const;
const isOf = new Map(SCRIPTS.map((script) => [script, new RegExp(`\\p{Script=${script}}`, "u")]));

const scriptsOf = (label: string): string[] => SCRIPTS.filter((script) => isOf.get(script)?.test(label));
