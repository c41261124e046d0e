import { isAbsolute, join } from "node:path";
import * as z from "zod";

const absolutePath = z.string().refine(isAbsolute, "is no absolute path");
const port = z.coerce.number().int().min(1).max(65_535);

/** What this agent is told beside what all agents are. */
export const Variables = z.object({
  /** The tag of the appliance's images. */
  APPLIANCE_VERSION: z.string().min(1).default("dev"),
  /** When this version was made; a clock that says less is wrong. The age of the program's own file unless said. */
  BUILD_DATE: z.iso.datetime().optional(),
  /** The checkout as this process sees it; its folder `compose` is enough. */
  APPLIANCE_CHECKOUT: absolutePath.default("/checkout"),
  /** Keys and certificates, of which all but the newest cannot be had again: on the file system that is backed up. */
  CERTIFICATES_DIR: absolutePath.default("/data/etc/certificates"),
  /** Where the application leaves its authority of client certificates and its revocation list. */
  APPLICATION_CA_DIR: absolutePath.default("/data/ecs-ca"),
  /** nginx' folder for sets of keys and certificates. */
  TLS_DIR: absolutePath.default("/var/lib/appliance/nginx/tls"),
  /** Where nginx says what became of them. */
  NGINX_STATE_DIR: absolutePath.default("/var/lib/appliance/nginx/state"),
  /** Answers of challenges, which nginx serves. */
  CHALLENGE_DIR: absolutePath.default("/var/lib/appliance/acme"),
  /** For files to lose, in memory: packages of client certificates wait here. */
  WORK_DIR: absolutePath.default("/tmp"),
  /** Where nginx' published ports are reached, as this process sees the host. */
  HOST_ADDRESS: z.string().min(1).default("127.0.0.1"),
  HOST_HTTP_PORT: port.default(80),
  HOST_HTTPS_PORT: port.default(443),
});

export interface Config {
  version: string;
  builtAt: Date | undefined;
  /** The folder of compose files that a slice's `application.composeFile` is a path in. */
  checkout: string;
  certificatesDir: string;
  applicationCaDir: string;
  tlsDir: string;
  /** nginx' verdict on the set that it was given last. */
  verdictFile: string;
  challengeDir: string;
  workDir: string;
  host: { address: string; httpPort: number; httpsPort: number };
}

/** Variables that were checked, as the rest of the agent wants them. */
export function toConfig(variables: z.output<typeof Variables>): Config {
  return {
    version: variables.APPLIANCE_VERSION,
    builtAt: variables.BUILD_DATE === undefined ? undefined : new Date(variables.BUILD_DATE),
    checkout: variables.APPLIANCE_CHECKOUT,
    certificatesDir: variables.CERTIFICATES_DIR,
    applicationCaDir: variables.APPLICATION_CA_DIR,
    tlsDir: variables.TLS_DIR,
    verdictFile: join(variables.NGINX_STATE_DIR, "tls.json"),
    challengeDir: variables.CHALLENGE_DIR,
    workDir: variables.WORK_DIR,
    host: {
      address: variables.HOST_ADDRESS,
      httpPort: variables.HOST_HTTP_PORT,
      httpsPort: variables.HOST_HTTPS_PORT,
    },
  };
}
