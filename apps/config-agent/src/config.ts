import * as z from "zod";

/** What config-agent's container is told, beyond what every agent is. */
export const Variables = z.object({
  APPLIANCE_VERSION: z.string().min(1).default("dev"),
  /** Where the root of the host, or of a plain checkout, is seen from here. */
  HOST_ROOT: z.string().startsWith("/"),
  /** `systemd` and `plain` act on the whole host; `none` keeps to the files below the root. */
  HOST_POWERS: z.enum(["systemd", "plain", "none"]).default("none"),
  /** The published port of nginx by local address, `ADDRESS:PORT`. */
  PROBE_TARGET: z.string().regex(/^[^:]+:\d+$/),
  PROBE_IN_HOST_NETWORK: z
    .enum(["yes", "no"])
    .default("no")
    .transform((word) => word === "yes"),
  /** The port that browsers use. */
  HTTPS_PORT: z.coerce.number().int().min(1).max(65_535).default(443),
  /** Where the package cache is published, on 127.0.0.1. */
  PACKAGE_CACHE_PORT: z.coerce.number().int().min(1).max(65_535).default(7320),
  /** A path on the host that is asked before /app/env.yml (manual, 3). */
  ENV_YML: z.string().startsWith("/").optional(),
  /** Where the metadata services of clouds answer. Tests name servers of their own. */
  METADATA_URL: z
    .url({ protocol: /^http$/ })
    .default("http://169.254.169.254")
    .transform((url) => url.replace(/\/+$/, "")),
});
export type Config = z.output<typeof Variables>;
