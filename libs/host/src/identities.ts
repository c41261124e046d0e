/**
 * The fixed users of everything that the appliance runs, the same on each host, in each image and in a backup. Whoever
 * writes a slice or a secret gives it to the uid here; nobody else can read it.
 */
export const IDENTITIES = {
  /** The application group: web, worker, beat, smtpd. */
  app: { uid: 5000, gid: 5000 },
  /** Root, the documented exception: it acts on the host (docs/decisions, config-agent capabilities). */
  "config-agent": { uid: 0, gid: 0 },
  /** Root of its container: it holds the Docker socket, which is root of the host whatever its uid. */
  "update-agent": { uid: 0, gid: 0 },
  "backup-agent": { uid: 5002, gid: 5002 },
  "cert-agent": { uid: 5003, gid: 5003 },
  "smtp-gateway": { uid: 5004, gid: 5004 },
  "metrics-exporter": { uid: 5005, gid: 5005 },
  queue: { uid: 5010, gid: 5010 },
  database: { uid: 5011, gid: 5011 },
  nginx: { uid: 5012, gid: 5012 },
  "package-cache": { uid: 5013, gid: 5013 },
} as const satisfies Record<string, Identity>;

/** Members read the key of the server certificate: nginx and smtp-gateway. */
export const TLS_GROUP = 5020;

export interface Identity {
  uid: number;
  gid: number;
}

export type IdentityName = keyof typeof IDENTITIES;
