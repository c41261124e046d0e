/**
 * What Python made of values, since shell scripts out there were written against its output.
 * @see https://docs.python.org/3/library/shlex.html#shlex.quote
 */

/** `shlex.quote`: the text as one word of a POSIX shell. */
export function quote(text: string): string {
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `'${text.replaceAll("'", `'"'"'`)}'`;
}

/** `str.strip`: other than `trim` it takes NEL away and leaves a zero-width no-break space. */
export function strip(text: string): string {
  const start = text.search(notBlank);
  if (start < 0) return "";
  let end = text.length;
  while (!notBlank.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const notBlank = /[[^\s\x85]\uFEFF]/v;

/** `repr` of a float: the shortest digits that give the number back, always with a point, an exponent or a word. */
export function repr(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponent = ""] = value.toExponential().split("e");
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) return `${mantissa}e${signed(power)}`;
  const digits = String(value);
  return digits.includes(".") ? digits : `${digits}.0`;
}

/** Python writes at least two digits: `1e-05`. */
function signed(power: number): string {
  return `${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

/** Python's order of text is by code point; JavaScript's is by UTF-16 unit. */
export function compareCodePoints(a: string, b: string): number {
  const [left, right] = [Array.from(a), Array.from(b)];
  const differs = left.findIndex((character, index) => character !== right[index]);
  if (differs < 0) return left.length - right.length;
  return (left[differs]?.codePointAt(0) ?? 0) - (right[differs]?.codePointAt(0) ?? -1);
}
