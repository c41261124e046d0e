import { IDENTITIES, TLS_GROUP, type Identity } from "@appliance/host";
import { DATA_MARKER, PATHS } from "../paths.ts";

/** A folder or link that must be there before anything of the data stage starts. */
export type StorageEntry =
  | { kind: "folder"; path: string; owner: Identity; mode: number }
  /** Where `keptAs` is given, a file that stands there makes way for the link, and its content goes to that path. */
  | { kind: "link"; path: string; target: string; keptAs?: string }
  /** A file with the text of `markerText`. */
  | { kind: "marker"; path: string; owner: Identity };

const ROOT: Identity = { uid: 0, gid: 0 };
const BEFORE = `${PATHS.certificates}/before`;

/** The tree of the manual, 6.4, parents first. `/app` holds links, so that the data can be a volume of its own. */
export const STORAGE_TREE: readonly StorageEntry[] = [
  folder("/app"),
  folder(PATHS.data),
  folder(PATHS.etc),
  folder("/data/etc/tags"),
  folder("/data/etc/flags"),
  folder("/data/etc/hooks"),
  folder(PATHS.applicationEnv, ROOT, 0o700),
  // Readers of the certificate come through, and only cert-agent sees what else is there.
  folder(PATHS.certificates, { uid: IDENTITIES["cert-agent"].uid, gid: TLS_GROUP }, 0o711),
  folder(BEFORE, IDENTITIES["cert-agent"], 0o700),
  certificateLink("server.key.pem"),
  certificateLink("server.cert.pem"),
  certificateLink("crl.pem"),
  folder("/data/ecs-ca", IDENTITIES.app, 0o750),
  folder(PATHS.vaultKeys, IDENTITIES.app, 0o700),
  folder("/data/ecs-storage-vault", IDENTITIES.app, 0o700),
  // backup-agent dumps the database there; the application may read it.
  folder("/data/ecs-pgdump", { ...IDENTITIES["backup-agent"], gid: IDENTITIES.app.gid }, 0o750),
  folder(PATHS.backup, IDENTITIES["backup-agent"], 0o750),
  folder(`${PATHS.backup}/targets`, IDENTITIES["backup-agent"], 0o750),
  folder(`${PATHS.backup}/reports`, IDENTITIES["backup-agent"], 0o750),
  folder(PATHS.clusters, IDENTITIES.database, 0o700),
  { kind: "marker", path: `${PATHS.clusters}/${DATA_MARKER}`, owner: IDENTITIES.database },
  { kind: "marker", path: PATHS.expectedMarker, owner: IDENTITIES.database },
  // Gone with every boot; the engine would make it again as root's, and PostgreSQL could not listen there.
  folder(PATHS.databaseSocket, IDENTITIES.database),
  folder(PATHS.volatile),
  folder("/volatile/ecs-cache", IDENTITIES.app, 0o750),
  folder("/volatile/ecs-backup-test", IDENTITIES["backup-agent"], 0o700),
  folder("/volatile/backup", IDENTITIES["backup-agent"], 0o700),
  folder("/volatile/redis", IDENTITIES.app, 0o700),
  link("/app/etc", "/data/etc"),
  link("/app/ecs-ca", "/data/ecs-ca"),
  link("/app/ecs-gpg", "/data/ecs-gpg"),
  link("/app/ecs-storage-vault", "/data/ecs-storage-vault"),
  link("/app/ecs-cache", "/volatile/ecs-cache"),
];

function folder(path: string, owner: Identity = ROOT, mode = 0o755): StorageEntry {
  return { kind: "folder", path, owner, mode };
}

function link(path: string, target: string): StorageEntry {
  return { kind: "link", path, target };
}

/** Where the manual has these files cert-agent's are found; those of an older system are what it serves until it has better ones. */
function certificateLink(name: string): StorageEntry {
  const target = `${PATHS.certificates.slice(PATHS.etc.length + 1)}/served/current/${name}`;
  return { kind: "link", path: `${PATHS.etc}/${name}`, target, keptAs: `${BEFORE}/${name}` };
}

/** The id of a file system that the appliance does not tell apart: that of the host, or one that the operator mounts by hand. */
export const OWN_FILE_SYSTEM = "of the host";

/**
 * What the marker on /data holds. The folder below a volume may have been in use before the volume came, with a marker of its own:
 * so the text names the file system, and the control state has the same text.
 */
export function markerText(fileSystem: string): string {
  return `The storage step of the appliance prepared this folder on the file system ${fileSystem}.\n`;
}

/** What is at a path now: as wanted, absent, or something else, which is named. */
export type Found = "as wanted" | "absent" | { instead: string };

/** The entries to make, in order; an entry that is something else altogether is left to the caller to refuse. */
export function planStorage(found: ReadonlyMap<string, Found>): StorageEntry[] {
  return STORAGE_TREE.filter((entry) => found.get(entry.path) !== "as wanted");
}
