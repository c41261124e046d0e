import type * as z from "zod";

/** `line` as `schema`, or undefined when it is another message or none. */
export function parseLine<T extends z.ZodType>(schema: T, line: string): z.infer<T> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}
