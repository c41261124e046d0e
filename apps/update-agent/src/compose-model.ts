import { OperatorError } from "@appliance/errors";
import * as z from "zod";

/** What a plan needs to know of one service of a compose file. */
export interface ServiceDefinition {
  image: string;
  /** Compose's digest of everything that makes a container of it, which the container carries as a label. */
  hash: string;
  replicas: number;
  profiles: readonly string[];
}

/** A named one-off operation: the whole command line, and a pattern for each argument that a caller adds. */
export interface Operation {
  service: string;
  command: readonly string[];
  arguments: readonly string[];
}

/** A compose file with its variables filled in. */
export interface GroupModel {
  services: ReadonlyMap<string, ServiceDefinition>;
  operations: ReadonlyMap<string, Operation>;
}

/** Compose prints an empty list or mapping as null. */
const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? []);
const mappingOf = <T extends z.ZodType>(item: T) =>
  z
    .record(z.string(), item)
    .nullish()
    .transform((mapping) => mapping ?? {});

const ServiceSchema = z.object({
  image: z.string().default(""),
  profiles: listOf(z.string()),
  scale: z.int().nullish(),
  deploy: z.object({ replicas: z.int().nullish() }).nullish(),
});

const OperationSchema = z.object({
  service: z.string(),
  command: z.array(z.string()).min(1),
  arguments: listOf(z.string().refine(isPattern, "is no regular expression")),
});

const ModelSchema = z.object({
  services: mappingOf(ServiceSchema),
  "x-appliance": z.object({ operations: mappingOf(OperationSchema) }).nullish(),
});

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
  return { services: new Map(services), operations: new Map(operations.map(([name, o]) => [name, unescape(o)])) };
}

/** `config` prints a file to be read again, in which a `$` is written twice. */
function unescape({ service, command, arguments: patterns }: Operation): Operation {
  const single = (text: string) => text.replaceAll("$$", "$");
  return { service, command: command.map(single), arguments: patterns.map(single) };
}

function isPattern(text: string): boolean {
  try {
    return Boolean(new RegExp(text.replaceAll("$$", "$"), "u"));
  } catch {
    return false;
  }
}

function invalid(error: z.ZodError): OperatorError {
  const problems = error.issues.map(({ path, message }) => `${path.join(".")} ${message}`);
  return new OperatorError("COMPOSE_FILE_INVALID", `The compose file of the group is wrong: ${problems.join("; ")}`, {
    remedy: "Correct the compose file, then try again.",
  });
}
