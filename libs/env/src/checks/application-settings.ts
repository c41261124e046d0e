/** One quoted value that the settings of the application give to a name. */
export interface NamedValue {
  name: string;
  value: string;
}

/** The values that are secret by their name, such as SECRET_KEY. Comments do not count. */
export function namedSecrets(settings: string): NamedValue[] {
  const assignments = settings.matchAll(/^[ \t]*(\w+)\b[^=\n#]*=(.+)$/gm);
  return [...assignments]
    .filter(([, name = ""]) => /SECRET|PASS|KEY|TOKEN|DSN|CREDENTIAL/i.test(name))
    .flatMap(([, name = "", right = ""]) =>
      [...right.matchAll(/(["'])(.+?)\1/g)].map(([, , value = ""]) => ({ name, value })),
    );
}

/** What is secret in the settings of the application: the text as a whole, and each secret by itself, as a traceback shows it. */
export function applicationSecrets(settings: string): string[] {
  return [settings, ...namedSecrets(settings).map(({ value }) => value)];
}
