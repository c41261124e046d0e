import type { IncomingHttpHeaders } from "node:http";

/**
 * The moment that the header Retry-After names, in seconds or as an HTTP date; undefined when there is none or it is nonsense.
 * @param now milliseconds since 1970
 * @see RFC 9110 section 10.2.3
 */
export function retryAfter(headers: IncomingHttpHeaders, now: number): Date | undefined {
  const value = headers["retry-after"]?.trim() ?? "";
  if (/^\d{1,9}$/.test(value)) return new Date(now + Number(value) * 1000);
  const named = parseHttpDate(value);
  if (named === undefined) return undefined;
  // Counted from the server's own clock: ours may be wrong.
  return new Date(now + Math.max(0, named - (parseHttpDate(headers.date ?? "") ?? now)));
}

/** All three forms of RFC 9110 section 5.6.7; only that of asctime() does not say that it is GMT. */
function parseHttpDate(text: string): number | undefined {
  if (!/^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun).*\d\d:\d\d:\d\d/.test(text)) return undefined;
  const parsed = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(parsed) ? undefined : parsed;
}
