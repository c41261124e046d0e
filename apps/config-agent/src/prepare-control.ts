/**
 * The one-shot service `prepare`: folders, secrets, Redis users and a first certificate, so that every other container of
 * the control stage finds what it mounts. Run at each `docker compose up`; what exists stays as it is.
 */
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { runCommand } from "@appliance/command";
import { isSystemError } from "@appliance/errors";
import { ensureDirectory, publishGeneration, writeFileDurable } from "@appliance/files";
import { IDENTITIES, TLS_GROUP, type Identity } from "@appliance/host";
import { AGENTS, type AgentName, CONTRACTS, aclFile } from "@appliance/jobs";

export interface PrepareDeps {
  /** `/var/lib/appliance` and `/run/appliance` as this container sees them. */
  controlDir: string;
  runDir: string;
  run: typeof runCommand;
  log: (message: string) => void;
}

export interface Folder {
  path: string;
  owner: Identity;
  mode: number;
}

const SECRET_BYTES = 32;
const SELF_SIGNED_DAYS = 3650;
/** cert-agent writes what nginx and smtp-gateway read. */
const KEEPER_OF_KEYS: Identity = { uid: IDENTITIES["cert-agent"].uid, gid: TLS_GROUP };
/** A backup holds the host as an apply does, and is the one run of an agent that is not root. */
const HOLDERS_OF_THE_HOST: Identity = { uid: IDENTITIES["config-agent"].uid, gid: IDENTITIES["backup-agent"].gid };

export async function prepareControl({ controlDir, runDir, run, log }: PrepareDeps): Promise<void> {
  for (const folder of planFolders(controlDir, runDir))
    await ensureDirectory(folder.path, { mode: folder.mode, ...folder.owner });
  const hashes = await ensureAgentSecrets(controlDir);
  await writeFileDurable(join(controlDir, "secrets/queue/users.acl"), aclFile(CONTRACTS, hashes), {
    mode: 0o400,
    ...IDENTITIES.queue,
  });
  const tls = join(controlDir, "nginx/tls");
  if (!(await exists(join(tls, "current/server.crt")))) {
    log("making a self-signed certificate for localhost");
    await publishSelfSigned(tls, "localhost", run);
  }
  await handOverGenerations(tls);
}

/** Parents come before their children. deploy/systemd/tmpfiles.conf makes those below /run at a boot, and has to say the same. */
export function planFolders(controlDir: string, runDir: string): Folder[] {
  const root: Identity = IDENTITIES["config-agent"];
  const control = (path: string, owner = root, mode = 0o755): Folder => ({ path: join(controlDir, path), owner, mode });
  const volatile = (path: string, owner = root, mode = 0o755): Folder => ({ path: join(runDir, path), owner, mode });
  return [
    control("."),
    control("secrets", root, 0o711),
    ...AGENTS.map((agent) => control(`secrets/${agent}`, IDENTITIES[agent], 0o700)),
    control("secrets/queue", IDENTITIES.queue, 0o700),
    control("queue", IDENTITIES.queue, 0o700),
    control("nginx"),
    control("nginx/site"),
    control("nginx/tls", KEEPER_OF_KEYS, 0o750),
    control("nginx/upstream"),
    control("nginx/state", IDENTITIES.nginx),
    control("acme", IDENTITIES["cert-agent"]),
    control("status"),
    control("database", { uid: root.uid, gid: IDENTITIES.database.gid }, 0o750),
    control("lease", HOLDERS_OF_THE_HOST, 0o775),
    control("runs", HOLDERS_OF_THE_HOST, 0o770),
    volatile("."),
    volatile("slices", root, 0o711),
    ...AGENTS.map((agent) => volatile(`slices/${agent}`, IDENTITIES[agent], 0o700)),
    volatile("postgresql", IDENTITIES.database),
  ];
}

/** Makes what is missing of each agent's queue password and HTTP token; returns the SHA-256 of the passwords for Redis. */
async function ensureAgentSecrets(controlDir: string): Promise<Record<AgentName, string>> {
  const hashes: Partial<Record<AgentName, string>> = {};
  for (const agent of AGENTS) {
    const folder = join(controlDir, "secrets", agent);
    await ensureSecret(join(folder, "http-token"), IDENTITIES[agent]);
    const password = await ensureSecret(join(folder, "queue-password"), IDENTITIES[agent]);
    hashes[agent] = createHash("sha256").update(password).digest("hex");
  }
  return hashes as Record<AgentName, string>;
}

async function ensureSecret(path: string, owner: Identity): Promise<string> {
  const present = await readFile(path, "utf8").catch((err: unknown) => {
    if (isSystemError(err, "ENOENT")) return "";
    throw err;
  });
  if (present.trim()) return present.trim();
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  await writeFileDurable(path, secret, { mode: 0o400, ...owner });
  return secret;
}

/**
 * A certificate that no browser trusts, so that TLS answers at all until a better one is there. For `name` alone.
 * @see openssl-req(1)
 */
async function publishSelfSigned(folder: string, name: string, run: typeof runCommand): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), "self-signed-"));
  const [key, cert] = [join(work, "key.pem"), join(work, "cert.pem")];
  const kind = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc"];
  const subject = ["-subj", `/CN=${name}`, "-addext", `subjectAltName=DNS:${name}`];
  const files = ["-days", String(SELF_SIGNED_DAYS), "-keyout", key, "-out", cert];
  try {
    await run("openssl", [...kind, ...subject, ...files], { timeoutMs: 30_000 });
    await publishGeneration(
      folder,
      new Map([
        ["server.key", { data: await readFile(key), mode: 0o440, ...KEEPER_OF_KEYS }],
        ["server.crt", { data: await readFile(cert), mode: 0o444, ...KEEPER_OF_KEYS }],
      ]),
    );
  } finally {
    await rm(work, { recursive: true });
  }
}

/** Those that were made here, or by a version without cert-agent: it can only remove what lies in a folder of its own. */
async function handOverGenerations(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await ensureDirectory(join(folder, entry.name), { mode: 0o755, ...KEEPER_OF_KEYS });
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (err: unknown) => {
      if (isSystemError(err, "ENOENT")) return false;
      throw err;
    },
  );
}
