import * as z from "zod";
import { unreadable } from "./acme-error.ts";
import type { HttpAnswer } from "./exchange.ts";

/**
 * The JSON of an answer, checked.
 * @throws OperatorError `ACME_ANSWER_UNREADABLE` when it is none, such as a page of HTML, or lacks what it must have
 */
export function readAnswer<S extends z.ZodType>(schema: S, { body, url }: HttpAnswer): z.infer<S> {
  const parsed = schema.safeParse(parseJson(body, url));
  if (parsed.success) return parsed.data;
  throw unreadable(url, z.prettifyError(parsed.error).replaceAll(/\s+/g, " "));
}

function parseJson(body: Buffer, url: string): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    throw unreadable(url, "it is no JSON");
  }
}

/** Where the authority put what was asked for; RFC 8555 has the URL of a new account or order in no other place. */
export function locationOf({ headers, url }: HttpAnswer): string {
  if (headers.location === undefined || !URL.canParse(headers.location, url))
    throw unreadable(url, "it has no Location");
  return new URL(headers.location, url).href;
}
