import type { AnySetting, Leaf } from "../setting.ts";
import { settings, type Env } from "../settings.ts";
import { namedSecrets } from "../checks/application-settings.ts";
import type { Adviser, Remark } from "./advice.ts";

/** Secrets that someone could guess, that open two doors, or that everybody knows. */
export const adviseOnSecrets: Adviser = (env) => [...reused(env), ...weak(env), ...examples(env)];

/** Shorter texts meet by chance. */
const SHORTEST_COMPARED = 6;

function reused(env: Env): Remark[] {
  const seen = new Map<string, string>();
  return everySecret(env).flatMap(({ place, path, secret }) => {
    const first = seen.get(secret);
    if (first === undefined) seen.set(secret, place);
    if (first === undefined || first === place) return [];
    const message = `${place} is the same secret as ${first}: who learns one has both`;
    return [{ path, message, remedy: "Make a secret of its own for each." }];
  });
}

interface NamedSecret {
  /** As a message names it: a path, or `ecs:settings SECRET_KEY`. */
  place: string;
  path: string[];
  secret: string;
}

/** Files and states hold text of any kind, which may well name a secret a second time. */
function everySecret(env: Env): NamedSecret[] {
  const texts = /^(?:ecs:settings|appliance:extra|appliance:storage:setup)/;
  const leaves = settings.leaves(env, []).filter(({ path }) => !texts.test(path));
  const own = leaves.flatMap(({ path, secrets }) =>
    secrets.map((secret) => ({ place: path, path: path.split(":"), secret: secret.trim() })),
  );
  return [...own, ...applicationSecretsOf(env)].filter(({ secret }) => secret.length >= SHORTEST_COMPARED);
}

/** What opens something; a SENTRY_DSN may well be that of the appliance. */
function applicationSecretsOf({ ecs }: Env): NamedSecret[] {
  return namedSecrets(ecs.settings ?? "")
    .filter(({ name }) => /SECRET|PASSWORD/i.test(name))
    .map(({ name, value }) => ({ place: `ecs:settings ${name}`, path: ["ecs", "settings"], secret: value }));
}

const SHORTEST = 20;
const FEWEST_SIGNS = 10;

function weak(env: Env): Remark[] {
  return applicationSecretsOf(env).flatMap(({ place, path, secret }) =>
    secret.length >= SHORTEST && new Set(secret).size >= FEWEST_SIGNS
      ? []
      : [{ path, message: `${place} can be guessed`, remedy: "Take what this prints: openssl rand -base64 39" }],
  );
}

/** What nobody can mean: `stable` may well be the branch, `//1.2.3.4/datavolume` is no share. */
const MADE_UP = /\bexample\b|1\.2\.3\.4|\/path\/of\/|user=username|somebody@somewhere|your-|OPENSSH PRIVATE KEY/;

function examples(env: Env): Remark[] {
  return settings.leaves(env, []).flatMap((leaf) => {
    const { example } = settingAt(leaf) ?? {};
    if (example === undefined || leaf.value.trim() !== example.trim() || !MADE_UP.test(example)) return [];
    return [
      {
        path: leaf.path.split(":"),
        message: "still has the value of the example",
        remedy: "Write the one of this server.",
      },
    ];
  });
}

function settingAt({ path }: Leaf): AnySetting | undefined {
  return path
    .split(":")
    .reduce<AnySetting | undefined>(
      (setting, key) => setting?.item ?? setting?.entry?.value ?? setting?.fields?.[key],
      settings,
    );
}
