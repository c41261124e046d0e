/**
 * What is secret in the settings of the application: the text as a whole, and by itself each quoted value that is given to
 * a name such as SECRET_KEY, since a traceback shows values without their line.
 */
export function applicationSecrets(settings: string): string[] {
  const assignments = settings.matchAll(/^[ \t]*(\w+)\b[^=\n#]*=(.+)$/gm);
  const values = [...assignments]
    .filter(([, name = ""]) => /SECRET|PASS|KEY|TOKEN|DSN|CREDENTIAL/i.test(name))
    .flatMap(([, , right = ""]) => [...right.matchAll(/(["'])(.+?)\1/g)].map(([, , value = ""]) => value));
  return [settings, ...values];
}
