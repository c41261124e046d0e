import { OperatorError, suggest } from "@appliance/errors";
import { parseCalendar } from "@appliance/calendar";
import { parseStates } from "@appliance/states";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";
import { reservedPlaceOf } from "./extra-file.ts";

/** Debian Policy, section 5.6.1. A '-' at the end would make apt remove the package. */
export function checkPackageName(name: string, place: Place): void {
  if (/^[a-z0-9][a-z0-9+.-]*[a-z0-9+.]$/.test(name)) return;
  if (name.includes("="))
    return place.error(
      `${quote(name)} asks for a version; write the name alone, apt takes the one of the host's release`,
    );
  const lower = name.toLowerCase();
  place.error(`${quote(name)} is no name of a Debian package`, { suggestion: lower === name ? undefined : lower });
}

export function checkOnCalendar(expression: string, place: Place): void {
  try {
    parseCalendar(expression);
  } catch (thrown) {
    if (!(thrown instanceof OperatorError)) throw thrown;
    place.error(thrown.message, { remedy: thrown.remedy });
  }
}

/** The locales in the image of the database; compose/images/Dockerfile makes them. */
export const DATABASE_LOCALES = ["de_DE", "de_AT", "de_CH", "en_US", "en_GB", "fr_FR", "it_IT", "C"];

/** What PostgreSQL finds in its image; the database is UTF-8, which may be spelled both ways. */
export function checkLocale(locale: string, place: Place): void {
  const [, name = locale] = /^(.+)\.utf-?8$/i.exec(locale) ?? [];
  if (name !== locale && DATABASE_LOCALES.includes(name)) return;
  const near = suggest(name, DATABASE_LOCALES);
  const list = DATABASE_LOCALES.map((known) => `${known}.UTF-8`).join(", ");
  place.error(`${quote(locale)} must be a UTF-8 locale, one of ${list}`, { suggestion: near && `${near}.UTF-8` });
}

/** https://PUBLIC_KEY@host/PROJECT, as Sentry shows it. Quotes nothing: the key is secret. */
export function checkSentryDsn(dsn: string, place: Place): void {
  const wellFormed = /^https?:\/\/\w+(?::\w+)?@[\w.-]+(?::\d{1,5})?(?:\/[\w.-]+)*\/\d+$/;
  if (!wellFormed.test(dsn)) place.error("must be a Sentry DSN, as in https://key@sentry.example/1");
}

/** Salt's states, each problem at its place inside of the text. Quotes nothing: the text may hold secrets. */
export function checkStates(states: string, place: Place): void {
  const parsed = parseStates(states);
  for (const { message, suggestion, remedy, ...position } of parsed.problems)
    place.errorInside(position, message, { suggestion, remedy });
  for (const state of parsed.states) {
    const reserved = "path" in state ? reservedPlaceOf(state.path) : undefined;
    if (reserved === undefined) continue;
    const { line, column } = state;
    place.errorInside({ line, column }, `${state.function} is not for ${reserved}, which belongs to the system`, {});
  }
}
