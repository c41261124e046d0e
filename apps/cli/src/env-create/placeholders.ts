import { OperatorError } from "@appliance/errors";
import type { Secrets } from "./secrets.ts";

/**
 * The notation of a template, that of the old system's: `{{ domain }}`, `{{ rsa_secret() }}`, `{{ pgp_secret('NAME') }}` (or
 * `gpg_secret`), `{{ base64_secret() }}`, `{{ 'text' }}` for a text that would be read as one of these, and behind each of them
 * `| indent(8)`, which indents all lines but the first, or `| indent(8, True)`, which indents the first as well.
 */
const CALLS: Record<
  string,
  (argument: string | undefined, domain: string, secrets: Secrets) => Promise<string> | string
> = {
  domain: (_, domain) => domain,
  "rsa_secret()": (_, __, secrets) => secrets.rsa(),
  "base64_secret()": (_, __, secrets) => secrets.base64(),
  "pgp_secret(NAME)": (name, domain, secrets) => secrets.pgp(name ?? "", domain),
  "gpg_secret(NAME)": (name, domain, secrets) => secrets.pgp(name ?? "", domain),
  NAME: (text) => text ?? "",
};

interface Placeholder {
  /** A key of `CALLS`. */
  call: string;
  argument: string | undefined;
  indent: number;
  indentFirst: boolean;
}

type Piece = string | Placeholder;

export interface Filled {
  text: string;
  /** The line of the template that a line of the text comes from; both count from 1. */
  lineOf(line: number): number;
}

/**
 * A template with its placeholders filled in.
 * @param options.file how errors call the template
 * @throws OperatorError `TEMPLATE_INVALID` with every placeholder that is none
 */
export async function fillIn(
  template: string,
  { file, domain, secrets }: { file: string; domain: string; secrets: Secrets },
): Promise<Filled> {
  const lines = parseTemplate(template, file);
  const filled = await Promise.all(
    lines.map(async (pieces) => (await Promise.all(pieces.map((piece) => valueOf(piece, domain, secrets)))).join("")),
  );
  const origin = filled.flatMap((text, index) => text.split("\n").map(() => index + 1));
  return { text: filled.join("\n"), lineOf: (line) => origin[line - 1] ?? lines.length };
}

async function valueOf(piece: Piece, domain: string, secrets: Secrets): Promise<string> {
  if (typeof piece === "string") return piece;
  const value = (await CALLS[piece.call]!(piece.argument, domain, secrets)).replace(/\n$/, "");
  const space = " ".repeat(piece.indent);
  const [first = "", ...rest] = value.split("\n");
  return [(piece.indentFirst ? space : "") + first, ...rest.map((line) => (line === "" ? "" : space + line))].join(
    "\n",
  );
}

function parseTemplate(template: string, file: string): Piece[][] {
  const faults: string[] = [];
  const lines = template
    .split(/\r?\n/)
    .map((line, index) =>
      parseLine(line, (column, message) => faults.push(`${file}:${index + 1}:${column}: ${message}`)),
    );
  if (faults.length === 0) return lines;
  throw new OperatorError("TEMPLATE_INVALID", `${file} cannot be used as a template:\n${faults.join("\n")}`, {
    remedy:
      "Write {{ domain }}, {{ rsa_secret() }}, {{ pgp_secret('NAME') }} or {{ base64_secret() }}, with | indent(N, True) behind it if need be.",
  });
}

function parseLine(line: string, report: (column: number, message: string) => void): Piece[] {
  const pieces: Piece[] = [];
  let rest = line;
  for (let at = rest.indexOf("{{"); at >= 0; at = rest.indexOf("{{")) {
    const found = PLACEHOLDER.exec(rest.slice(at));
    const placeholder = found && readPlaceholder(found);
    if (!placeholder) report(line.length - rest.length + at + 1, faultOf(rest.slice(at)));
    pieces.push(rest.slice(0, at), placeholder ?? "");
    rest = rest.slice(at + (found?.[0].length ?? 2));
  }
  return [...pieces, rest];
}

const PLACEHOLDER =
  /^\{\{-?\s*(?<name>\w+)?(?<open>\(\s*)?(?:'(?<single>[^']*)'|"(?<double>[^"]*)")?(?<close>\s*\))?\s*(?:\|\s*indent\(\s*(?<indent>\d{1,2})\s*(?:,\s*(?<first>[Tt]rue|[Ff]alse)\s*)?\)\s*)?-?\}\}/;

function readPlaceholder({ groups = {} }: RegExpExecArray): Placeholder | undefined {
  const { name = "", open, single, double, close, indent = "0", first = "" } = groups;
  const argument = single ?? double;
  const call = `${name}${open ? "(" : ""}${argument === undefined ? "" : "NAME"}${close ? ")" : ""}`;
  if (!Object.hasOwn(CALLS, call) || !isFit(call, argument)) return undefined;
  return { call, argument, indent: Number(indent), indentFirst: /true/i.test(first) };
}

/** The name of a key becomes a part of its user id, `name <name@domain>`. */
const isFit = (call: string, argument: string | undefined) => call === "NAME" || /^[\w.-]{1,64}$/.test(argument ?? "_");

function faultOf(text: string): string {
  const end = text.indexOf("}}");
  return end < 0 ? "{{ has no }} on the same line" : `${text.slice(0, Math.min(end + 2, 60))} is no placeholder`;
}
