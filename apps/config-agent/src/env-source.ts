import { createHash } from "node:crypto";
import { parseEnv, whyRefused, type Env, type Problem } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import type { YamlDocument } from "@appliance/yaml11";
import { PATHS } from "./paths.ts";
import type { Look, PassedOver } from "./sources/look.ts";

export interface EnvSource {
  /** As the operator knows it: a path on the host, `drive cidata (/dev/sr0)`, `EC2 metadata service`. */
  name: string;
  /** Unpacked, if it was packed. */
  text: Uint8Array;
  /** Of `text`. */
  sha256: string;
}

/** Looks for env.yml, and remembers of its last search why places had none. */
export interface EnvFinder {
  /**
   * The first env.yml that is there.
   * @throws OperatorError `ENV_ABSENT` when there is none, with each place and its reason, or that of a place which cannot be used.
   */
  find(): Promise<EnvSource>;
  passedOver(): readonly PassedOver[];
}

/** @param look the places, each looked at when it is asked for */
export function createEnvFinder(look: () => AsyncIterable<Look>): EnvFinder {
  let passedOver: readonly PassedOver[] = [];
  return {
    passedOver: () => passedOver,
    async find() {
      const before: PassedOver[] = [];
      try {
        for await (const place of look()) {
          if ("text" in place) return toEnvSource(place.source, place.text);
          if ("unusable" in place) throw place.unusable;
          before.push({ source: place.source, reason: place.passedOver });
        }
        throw absent(before);
      } finally {
        passedOver = before;
      }
    },
  };
}

export function toEnvSource(name: string, text: Uint8Array): EnvSource {
  return { name, text, sha256: createHash("sha256").update(text).digest("hex") };
}

function absent(places: readonly PassedOver[]): OperatorError {
  const reasons = places.map(({ source, reason }) => `${source}: ${reason}`);
  return new OperatorError("ENV_ABSENT", `There is no env.yml. It was looked for here:\n${reasons.join("\n")}`, {
    remedy: `Put your env.yml at ${PATHS.envYml}, or try the appliance with \`bootstrap.sh --sample\`; then run \`appliance start\`.`,
  });
}

/** @throws OperatorError `ENV_INVALID` with every error, each with its line. */
export function checkEnv(source: EnvSource): { env: Env; warnings: Problem[]; document: YamlDocument } {
  const { env, problems, document } = parseEnv(source.text, { file: source.name });
  if (env) return { env, warnings: problems, document };
  throw envInvalid(source, problems);
}

export function envInvalid(source: EnvSource, problems: readonly Problem[]): OperatorError {
  const errors = whyRefused(problems);
  return new OperatorError("ENV_INVALID", `${source.name} cannot be used:\n${errors.join("\n")}`, {
    remedy: `Correct ${source.name} and run \`appliance apply\`; what was running stays as it is.`,
  });
}
