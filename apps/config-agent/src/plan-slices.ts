import { OperatorError } from "@appliance/errors";
import type { AgentName } from "@appliance/jobs";
import type { Wanted } from "./capability.ts";
import { databaseSettings, planDatabaseTuning } from "./database/plan-database-tuning.ts";
import { planBackupAgentSlice, type BackupAgentSlice } from "./plan-backup-slice.ts";

/** What update-agent is told of env.yml. Its shape is repeated, as a check, where update-agent reads it. */
export interface UpdateAgentSlice {
  timezone: string;
  /** Variables of the core's compose file. */
  compose: Record<string, string>;
  /** The application group, or null on a host in standby. */
  application: { composeFile: string; environment: Record<string, string> } | null;
}

/** What config-agent keeps of env.yml for itself: nothing, since it reads the active one. The zone is for its schedules. */
export interface ConfigAgentSlice {
  timezone: string;
}

/** What cert-agent is told of env.yml. Its shape is repeated, as a check, where cert-agent reads it. */
export interface CertAgentSlice {
  timezone: string;
  domain: string;
  /** Further names of the host. */
  allowedHosts: readonly string[];
  /** Key and certificate of env.yml as PEM. */
  given: { key: string; certificate: string } | null;
  /** Where certificates are obtained, or null where none is to be asked for. */
  acme: {
    directoryUrl: string;
    /** PEM of the certificates that the authority's own TLS is checked with, in place of the usual ones. */
    ca: string | null;
    profile: string | null;
    externalAccount: { keyId: string; hmacKey: string } | null;
  } | null;
  /** The compose file of the application group in the checkout; it says who owns the authority of client certificates. */
  application: { composeFile: string } | null;
}

export interface Slices extends Record<AgentName, object | null> {
  "config-agent": ConfigAgentSlice;
  "update-agent": UpdateAgentSlice;
  "cert-agent": CertAgentSlice;
  "backup-agent": BackupAgentSlice | null;
}

const BUILTIN = /^builtin:([a-z][a-z0-9-]*)$/;

/** Services that the application group finds by fixed names, whichever application it is (manual, 6.6). */
const SERVICE_URLS = {
  REDIS_URL: "redis://redis:6379/0",
  MEMCACHED_URL: "memcached://memcached:11211",
  SMTP_URL: "smtp://smtp-gateway:25",
  PDFAS_URL: "http://pdfas:8080/pdf-as-web/",
} as const;

/** The slice of each agent. Pure. `databaseUrl` is null until the database's role has its password. */
export function planSlices(wanted: Wanted, databaseUrl: string | null): Slices {
  const { timeZone } = wanted;
  return {
    "config-agent": { timezone: timeZone },
    "update-agent": {
      timezone: timeZone,
      compose: databaseVariables(wanted),
      application: wanted.env.appliance.standby ? null : planApplication(wanted, databaseUrl),
    },
    "cert-agent": planCertAgentSlice(wanted),
    "backup-agent": planBackupAgentSlice(wanted),
  };
}

export function planCertAgentSlice({ env, tls, timeZone }: Wanted): CertAgentSlice {
  const { domain, allowed_hosts: hosts, ssl, standby } = env.appliance;
  const composeFile = builtinComposeFile(env.ecs.git.source);
  return {
    timezone: timeZone,
    domain,
    allowedHosts: hosts.filter((host) => host !== domain),
    given: tls.given,
    // In standby the domain leads to the host that serves.
    acme: ssl.letsencrypt.enabled && !standby ? planAcme(ssl.letsencrypt, tls.authority) : null,
    application: composeFile === undefined ? null : { composeFile },
  };
}

function planAcme(
  { directory_url, profile, external_account }: Wanted["env"]["appliance"]["ssl"]["letsencrypt"],
  ca: string | null,
): CertAgentSlice["acme"] {
  const externalAccount = external_account
    ? { keyId: external_account.key_id, hmacKey: external_account.hmac_key }
    : null;
  return { directoryUrl: directory_url, ca, profile: profile ?? null, externalAccount };
}

function databaseVariables(wanted: Wanted): Record<string, string> {
  const tuning = planDatabaseTuning(wanted);
  return {
    DATABASE_MEMORY: `${tuning.memoryMb}m`,
    DATABASE_SHM: `${tuning.shmMb}m`,
    DATABASE_LOCALE: wanted.env.appliance.database.locale,
  };
}

/** The variables that the group's compose file may pass on. The vault keys are files, not variables. */
function planApplication(wanted: Wanted, databaseUrl: string | null): UpdateAgentSlice["application"] {
  const environment: Record<string, string> = { ...SERVICE_URLS, APPLIANCE_DOMAIN: wanted.env.appliance.domain };
  for (const [name, value] of Object.entries(wanted.flat))
    if (name.startsWith("ECS_") && !name.startsWith("ECS_VAULT_")) environment[name] = value;
  environment["ECS_USERSWITCHER_ENABLED"] ??= String(wanted.env.ecs.userswitcher.enabled);
  if (databaseUrl) environment["DATABASE_URL"] = databaseUrl;
  return { composeFile: applicationComposeFile(wanted), environment };
}

/**
 * `builtin:NAME` is a group of this repository.
 * @throws OperatorError `APPLICATION_SOURCE` for a git repository, which nothing here builds yet.
 */
function applicationComposeFile({ env }: Wanted): string {
  const source = env.ecs.git.source;
  const composeFile = builtinComposeFile(source);
  if (composeFile !== undefined) return composeFile;
  throw new OperatorError(
    "APPLICATION_SOURCE",
    `This version of the appliance cannot build the application from ${source ?? "its default repository"} yet.`,
    {
      remedy:
        "Set ecs:git:source to builtin:sample, or appliance:standby to true to prepare the host without an application.",
    },
  );
}

function builtinComposeFile(source: string | undefined): string | undefined {
  const builtin = BUILTIN.exec(source ?? "")?.[1];
  return builtin && `compose/${builtin}/compose.yml`;
}

/** The settings of the database and its container, in one generation: what the running one was started with. */
export function databaseGeneration(wanted: Wanted): {
  settings: Record<string, string>;
  container: Record<string, string>;
} {
  return {
    settings: databaseSettings(planDatabaseTuning(wanted), wanted.timeZone),
    container: databaseVariables(wanted),
  };
}
