import { OperatorError } from "@appliance/errors";
import * as z from "zod";
import { Declaration, type Operation } from "./declaration.ts";
import { listOf, mappingOf } from "./compose-shapes.ts";

/** What a plan needs to know of one service of a compose file. */
export interface ServiceDefinition {
  image: string;
  /** Compose's digest of everything that makes a container of it, which the container carries as a label. */
  hash: string;
  replicas: number;
  profiles: readonly string[];
}

/** A compose file with its variables filled in. */
export interface GroupModel {
  services: ReadonlyMap<string, ServiceDefinition>;
  operations: ReadonlyMap<string, Operation>;
}

const ServiceSchema = z.object({
  image: z.string().default(""),
  profiles: listOf(z.string()),
  scale: z.int().nullish(),
  deploy: z.object({ replicas: z.int().nullish() }).nullish(),
});

const ModelSchema = z.object({ services: mappingOf(ServiceSchema), "x-appliance": Declaration.nullish() });

/**
 * Reads what `docker compose config --format json` and `config --hash` printed.
 * @throws OperatorError `COMPOSE_FILE_INVALID` when the block x-appliance is not as docs/architecture.md has it.
 */
export function parseModel(configJson: string, hashLines: string): GroupModel {
  const parsed = ModelSchema.safeParse(JSON.parse(configJson));
  if (!parsed.success) throw invalid(parsed.error);
  const hashes = new Map(hashLines.split("\n").map((line) => line.split(" ") as [string, string]));
  const services = Object.entries(parsed.data.services).map(([name, { image, profiles, scale, deploy }]) => {
    const replicas = deploy?.replicas ?? scale ?? 1;
    return [name, { image, profiles, replicas, hash: hashes.get(name) ?? "" }] as const;
  });
  const operations = Object.entries(parsed.data["x-appliance"]?.operations ?? {});
  return { services: new Map(services), operations: new Map(operations) };
}

function invalid(error: z.ZodError): OperatorError {
  const problems = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
  return new OperatorError("COMPOSE_FILE_INVALID", `The compose file of the group is wrong: ${problems.join("; ")}`, {
    remedy: "Correct the compose file, then try again.",
  });
}
