/** `name=value; name=value`, as DKIM (RFC 6376 section 3.2) and DMARC (RFC 9989 section 4.7) write; undefined when it is not. */
export function parseTags(text: string): Map<string, string> | undefined {
  const parts = text.split(";").map((part) => part.trim());
  if (parts.at(-1) === "") parts.pop();
  const pairs = parts.map((part) => /^([A-Za-z][A-Za-z0-9_]*)\s*=\s*(.*)$/s.exec(part));
  if (pairs.includes(null)) return undefined;
  return new Map(pairs.map((pair) => [pair![1]!, pair![2]!]));
}
