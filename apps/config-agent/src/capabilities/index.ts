import type { Host } from "@appliance/host";
import type { Log } from "@appliance/jobs";
import type { Capability } from "../capability.ts";
import type { CertAgent } from "../cert-agent.ts";
import type { Containers } from "../containers.ts";
import type { Database } from "../database/database.ts";
import type { ProbeDeps } from "../probe.ts";
import type { RootFiles } from "../root-files.ts";
import { applicationCapability } from "./application.ts";
import { backupAgentCapability } from "./backup-agent.ts";
import { certificatesCapability } from "./certificates.ts";
import { databaseServerCapability } from "./database-server.ts";
import { databaseUrlCapability, readDatabaseUrl } from "./database-url.ts";
import { databaseCapability } from "./database.ts";
import { extraFilesCapability } from "./extra-files.ts";
import { extraPackagesCapability } from "./extra-packages.ts";
import { extraStatesCapability } from "./extra-states.ts";
import { hooksCapability, type HookStage } from "./hooks.ts";
import { hostnameCapability } from "./hostname.ts";
import { metadataBlockCapability } from "./metadata-block.ts";
import { openCapability } from "./open.ts";
import { packageCacheCapability } from "./package-cache.ts";
import { siteCapability } from "./site.ts";
import { sshAccessCapability } from "./ssh-access.ts";
import { slicesCapability, writeContainerSize } from "./slices.ts";
import { createStorageLook } from "../storage/look.ts";
import { storageSetupCapability } from "./storage-setup.ts";
import { storageCapability } from "./storage.ts";
import { vaultKeysCapability } from "./vault-keys.ts";
import { volumesCapability } from "./volumes.ts";

export interface CapabilityDeps {
  host: Host;
  files: RootFiles;
  containers: Containers;
  certAgent: CertAgent;
  database: Database;
  probe: ProbeDeps;
  version: string;
  httpsPort: number;
  packageCachePort: number;
  log: Log;
  /** Takes the status page away. */
  open: () => Promise<void>;
}

/** Everything that env.yml decides, in the order of start: each part may rely on those before it. */
export function allCapabilities(deps: CapabilityDeps): readonly Capability[] {
  const { host, files, containers, certAgent, database, httpsPort, packageCachePort, version, probe, log, open } = deps;
  const hooks = (stage: HookStage) => hooksCapability(stage, { host, files, log });
  const look = createStorageLook(host);
  return [
    extraPackagesCapability(host, "before a storage setup"),
    storageSetupCapability({ host, files, look }),
    volumesCapability({ host, files, containers, look }),
    storageCapability({ host, files, look }),
    databaseUrlCapability(files),
    slicesCapability(files, () => readDatabaseUrl(files)),
    hostnameCapability(host),
    sshAccessCapability(host),
    metadataBlockCapability(host),
    certificatesCapability({ files, containers, certAgent, version }),
    packageCacheCapability({ host, files, containers, version, port: packageCachePort }),
    vaultKeysCapability(files),
    extraFilesCapability(host, "before packages"),
    hooks("prepare-appliance.early"),
    extraPackagesCapability(host, "after the files"),
    extraStatesCapability({ host, files, log }),
    extraFilesCapability(host, "after packages"),
    hooks("prepare-appliance.late"),
    databaseServerCapability({ files, containers, database, writeContainerSize: writeContainerSize(files) }),
    databaseCapability(files, database),
    backupAgentCapability({ containers, version }),
    siteCapability(files, httpsPort),
    hooks("prepare-ecs.early"),
    applicationCapability({ files, containers, version }),
    hooks("prepare-ecs.late"),
    openCapability({ files, probe, open }),
  ];
}
