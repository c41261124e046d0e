/**
 * What is secret in a URL: the password, as written and decoded, and the user where there is no password and the user is a
 * token, as in `https://TOKEN@git.example/`. Works on what is no proper URL as well.
 */
export function urlCredentials(url: string): string[] {
  const authority = /^[^:/?#]+:\/\/(?<user>[^:@/?#]*)(?::(?<password>.*))?@/.exec(url)?.groups;
  if (!authority) return [];
  const { user, password } = authority;
  const secret = password ?? (/^https?:/i.test(url) ? user : undefined);
  return secret === undefined || secret === "" ? [] : [...new Set([secret, decoded(secret)])];
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
