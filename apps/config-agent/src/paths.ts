/**
 * Where things lie below the appliance's root (docs/architecture.md, "Where things live"). All begin with a slash and are
 * resolved in the host root, never in the container's own file system.
 */
export const PATHS = {
  envYml: "/app/env.yml",
  activeEnv: "/run/active-env.yml",
  activeSource: "/run/appliance/env-source",
  failed: "/run/appliance-failed",
  slices: "/run/appliance/slices",
  databaseSocket: "/run/appliance/postgresql",
  control: "/var/lib/appliance",
  lease: "/var/lib/appliance/lease",
  runs: "/var/lib/appliance/runs",
  /** What the last recovery was asked for and what it put back. */
  recovery: "/var/lib/appliance/recovery.json",
  /** On a standby host: which backup the data is that of. */
  pulled: "/data/.pulled.json",
  phase: "/run/appliance/phase",
  status: "/var/lib/appliance/status",
  stopped: "/var/lib/appliance/stopped",
  databaseSettings: "/var/lib/appliance/database",
  /** What the marker on /data must hold; the database compares both before it starts. */
  expectedMarker: "/var/lib/appliance/database/data-marker",
  site: "/var/lib/appliance/nginx/site",
  siteState: "/var/lib/appliance/nginx/state/site.json",
  data: "/data",
  volatile: "/volatile",
  packageCache: "/volatile/package-cache",
  vault: "/data/ecs-storage-vault",
  vaultKeys: "/data/ecs-gpg",
  /** `/app/etc` of the manual. */
  etc: "/data/etc",
  /** cert-agent's own folder. */
  certificates: "/data/etc/certificates",
  /** The certificate that nginx has. */
  servedCertificate: "/var/lib/appliance/nginx/tls/current/server.crt",
  /** backup-agent's own folder: what it knows of each target, and the reports of drills. */
  backup: "/data/etc/backup",
  applicationEnv: "/data/etc/ecs",
  clusters: "/data/postgresql",
} as const;

/**
 * Says that a folder is the prepared storage, and on which file system; a service that finds another one than is expected refuses
 * to start on what may be the folder below an absent volume.
 */
export const DATA_MARKER = ".appliance-data";
