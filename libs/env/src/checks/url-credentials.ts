const PROPER = /^(?:rest:|s3:)?[^:/?#]+:\/\/(?<user>[^:@/?#]*)(?::(?<password>[^/?#]*))?@/;

/** A password with / ? or # as it is ends the host too early for a program, and is a secret all the same. */
const CUT_SHORT = /^(?:rest:|s3:)?[^:/?#]+:\/\/(?<user>[^:@/?#]*):(?<password>.*)@/;

/**
 * What is secret in a URL: the password, as written and decoded, and the user where there is no password and the user is a
 * token, as in `https://TOKEN@git.example/`. Works on what is no proper URL as well.
 */
export function urlCredentials(url: string): string[] {
  const found = PROPER.exec(url) ?? CUT_SHORT.exec(url);
  if (!found?.groups) return [];
  const { user, password } = found.groups;
  const secret = password ?? (/^(?:rest:|s3:)?https?:/i.test(url) ? user : undefined);
  return secret === undefined || secret === "" ? [] : [...new Set([secret, decoded(secret)])];
}

/** What stands before the `@` of a host, also where a `/` in the password ends it too early, but no `@` behind a port. */
const LOGIN = /^(?<scheme>[^/?#@]*:\/\/)(?:[^/?#]*@|[^:@/?#]*:(?!\d{1,5}(?:\/|$)).*@)/;

/** `sftp://host/path` of `sftp://user:password@host/path`. Works on what is no proper URL as well. */
export function withoutLogin(url: string): string {
  return url.replace(LOGIN, "$<scheme>");
}

/** The public key of a Sentry DSN lets anyone send events, so that it counts as a secret like the old private one. */
export function dsnCredentials(dsn: string): string[] {
  const userinfo = /^[^:/?#]+:\/\/(?<userinfo>[^@/]+)@/.exec(dsn)?.groups?.["userinfo"];
  return userinfo?.split(":").filter((part) => part !== "") ?? [];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
