import type { FastifySchema, FastifySchemaCompiler, FastifyServerOptions, FastifyTypeProvider } from "fastify";
import { OperatorError } from "@appliance/errors";
import * as z from "zod";
import { SEE_OPENAPI } from "./problem.ts";

/** Types of a route follow from its zod schemas. */
export interface ZodTypeProvider extends FastifyTypeProvider {
  validator: this["schema"] extends z.ZodType ? z.output<this["schema"]> : unknown;
  serializer: this["schema"] extends z.ZodType ? z.input<this["schema"]> : unknown;
}

type SchemaController = NonNullable<FastifyServerOptions["schemaController"]>;

/**
 * Has requests checked by zod itself. Given as a factory, Fastify never loads its own compilers, which would cost more memory than
 * all routes together.
 */
export const zodSchemaController = {
  compilersFactory: { buildValidator: () => compileValidator, buildSerializer: () => () => JSON.stringify },
} as unknown as SchemaController; // Fastify's type knows only factories for Ajv

const compileValidator: FastifySchemaCompiler<FastifySchema> = ({ schema, httpPart = "request" }) => {
  return (value: unknown) => {
    const parsed = (schema as z.ZodType).safeParse(value);
    return parsed.success ? { value: parsed.data } : { error: requestInvalid(httpPart, parsed.error) };
  };
};

function requestInvalid(part: string, error: z.ZodError): OperatorError {
  return new OperatorError("REQUEST_INVALID", `${part}: ${z.prettifyError(error)}`, { remedy: SEE_OPENAPI });
}

type Zods = Record<string, unknown>;

/** A route's schema as OpenAPI understands it: every zod schema in it becomes a JSON schema. */
export function toOpenApi(schema: Zods = {}, withoutToken = false): Zods {
  const converted = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, convert(key, value)]));
  return withoutToken ? { ...converted, security: [] } : converted;
}

function convert(key: string, value: unknown): unknown {
  if (value instanceof z.ZodType) return toJsonSchema(value, "input");
  if (key !== "response") return value;
  const answers = Object.entries(value as Zods);
  return Object.fromEntries(answers.map(([status, of]) => [status, toJsonSchema(of as z.ZodType, "output")]));
}

function toJsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, target: "openapi-3.0", unrepresentable: "any" });
  return rest;
}
