import * as z from "zod";

/** A list as compose prints it, an empty one as null. */
export const listOf = <T extends z.ZodType>(item: T) =>
  z
    .array(item)
    .nullish()
    .transform((list) => list ?? []);

/** A mapping as compose prints it, an empty one as null. */
export const mappingOf = <T extends z.ZodType>(item: T) =>
  z
    .record(z.string(), item)
    .nullish()
    .transform((mapping) => mapping ?? {});

/** `docker compose config` prints a file to be read again, in which a `$` is written twice. */
export const text = z.string().transform((printed) => printed.replaceAll("$$", "$"));
