import { readFile } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

const orNull = <T extends z.ZodType>(schema: T) => schema.nullable().default(null);

/** Where certificates are obtained. */
const Acme = z.object({
  directoryUrl: z.url({ protocol: /^https$/ }),
  /** PEM of the certificates that the authority's own TLS is checked with, in place of the usual ones. */
  ca: orNull(z.string()),
  profile: orNull(z.string()),
  externalAccount: orNull(z.object({ keyId: z.string(), hmacKey: z.string() })),
});

/** A path inside the checkout. */
const composeFile = z
  .string()
  .regex(/^(?!\/)(?!.*(?:^|\/)\.\.(?:\/|$)).+\.ya?ml$/, "is no compose file inside the checkout");

/** This agent's part of env.yml, written by config-agent. A key that it leaves out is one that env.yml does not set. */
export const CertAgentSlice = z.object({
  timezone: z.string(),
  domain: z.string().min(1),
  /** Further names of the host. */
  allowedHosts: z.array(z.string()).default([]),
  /** Key and certificate of env.yml as PEM. */
  given: orNull(z.object({ key: z.string(), certificate: z.string() })),
  /** Null where no certificate is to be asked for. */
  acme: orNull(Acme),
  /** The application group, whose compose file says who owns the authority of client certificates; null where it is none of this checkout's. */
  application: orNull(z.object({ composeFile })),
});
export type CertAgentSlice = z.infer<typeof CertAgentSlice>;

/** What may be seen in no text. The domain and its names are on every certificate. */
export function secretsIn(slice: CertAgentSlice | undefined): string[] {
  const values = [slice?.given?.key, slice?.acme?.externalAccount?.hmacKey];
  return values.filter((value) => value !== undefined);
}

/**
 * The slice as it lies there now: a job that config-agent asks for after a change of it comes before the change is noticed. Undefined
 * when there is none that can be used; why, says whoever follows it (`watchSlice`).
 */
export async function readSlice(dir: string): Promise<CertAgentSlice | undefined> {
  try {
    return CertAgentSlice.safeParse(JSON.parse(await readFile(join(dir, "env.json"), "utf8"))).data;
  } catch {
    return undefined;
  }
}
