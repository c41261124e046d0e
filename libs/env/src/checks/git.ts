import { suggest } from "@appliance/errors";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

/** Sources that are part of the appliance. */
const BUILT_IN = ["builtin:sample"];

const SCHEMES = ["https", "http", "ssh", "git", "file"];

/** What git clone(1) takes, without `ext::` and the like, which run programs. */
export function checkGitSource(source: string, place: Place): void {
  if (/\s/.test(source) || source.startsWith("-")) return place.error("must be a git URL without blanks");
  if (source.startsWith("/") || /^[\w.-]+@[\w.-]+:[^:]/.test(source)) return;
  const [, scheme, rest = ""] = /^([a-z][a-z0-9+.-]*):(.*)$/i.exec(source) ?? [];
  if (scheme === undefined) return place.error("must be a git URL, as in https://host/project.git");
  if (!SCHEMES.includes(scheme.toLowerCase()))
    return place.error(`unknown scheme ${quote(scheme)}`, { suggestion: suggest(scheme, SCHEMES) });
  if (!/^\/\/[^/-]/.test(rest) && !/^\/\/\/[^/]/.test(rest))
    place.error(`must go on with //, as in ${scheme}://host/project.git`);
}

/** The same, or an application that is part of the appliance. */
export function checkApplicationSource(source: string, place: Place): void {
  if (!source.startsWith("builtin")) return checkGitSource(source, place);
  if (!BUILT_IN.includes(source))
    place.error(`unknown application ${quote(source)}`, { suggestion: suggest(source, BUILT_IN) });
}

/** git-check-ref-format(1); a commit id is fine too. */
export function checkGitBranch(name: string, place: Place): void {
  const forbidden = /[\s~^:?*[\\\p{Cc}]|\.\.|@\{|\/\/|\.lock(?:\/|$)|(?:^|\/)\.|[/.]$|^[-/@]/u;
  if (forbidden.test(name)) place.error(`${quote(name)} is no name of a branch`);
}
