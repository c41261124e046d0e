import { OperatorError } from "@appliance/errors";
import { parseCalendar } from "@appliance/calendar";
import { parseYaml } from "@appliance/yaml11";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

/** Debian Policy, section 5.6.1. A '-' at the end would make apt remove the package. */
export function checkPackageName(name: string, place: Place): void {
  if (/^[a-z0-9][a-z0-9+.-]*[a-z0-9+.]$/.test(name)) return;
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

/** PostgreSQL's initdb takes the name of a locale of the image; the database is UTF-8. */
export function checkLocale(locale: string, place: Place): void {
  if (/^(?:C|[a-z]{2,3}_[A-Z]{2})\.utf-?8(?:@[a-z]+)?$/i.test(locale)) return;
  place.error(`${quote(locale)} must be a UTF-8 locale, as in de_DE.UTF-8 or C.UTF-8`);
}

/** https://PUBLIC_KEY@host/PROJECT, as Sentry shows it. Quotes nothing: the key is secret. */
export function checkSentryDsn(dsn: string, place: Place): void {
  const wellFormed = /^https?:\/\/\w+(?::\w+)?@[\w.-]+(?::\d{1,5})?(?:\/[\w.-]+)*\/\d+$/;
  if (!wellFormed.test(dsn)) place.error("must be a Sentry DSN, as in https://key@sentry.example/1");
}

/** Salt's templates are no YAML until they are rendered, so that a text with their marks is let through. */
export function checkStates(states: string, place: Place): void {
  if (/\{[{%#]/.test(states)) return;
  const [problem] = parseYaml(Buffer.from(states), { file: "states" }).problems;
  if (problem) place.error(`is no YAML: line ${problem.line} of it: ${problem.message}`);
}
