const MASK = "[redacted]";

/** Shorter values are words that stand everywhere ("on", "5432"); masking them would hide the text and protect nothing. */
const SHORTEST_SECRET = 6;

/** `text` without any of `secrets`, each line of a multi-line secret too, since programs quote single lines. */
export function redact(text: string, secrets: Iterable<string>): string {
  const parts = [...secrets].flatMap((secret) => [secret, ...secret.split("\n")]).map((part) => part.trim());
  const longestFirst = [...new Set(parts)]
    .filter((part) => part.length >= SHORTEST_SECRET)
    .sort((a, b) => b.length - a.length);
  return longestFirst.reduce((rest, part) => rest.replaceAll(part, MASK), text);
}
