export { IDENTITIES, TLS_GROUP, type Identity, type IdentityName } from "./identities.ts";
export type {
  Host,
  HostFacts,
  HostFiles,
  HostMounts,
  HostName,
  HostPackages,
  HostProgram,
  HostSshKeys,
  HostUnits,
  Mount,
  ObservedFile,
  PackageWork,
  ProgramOptions,
  ProgramSource,
  TaskState,
  Verb,
  WantedFile,
  WantedMount,
} from "./host.ts";
export { createPlainHost, createRootFolderHost, createSystemdHost } from "./powered-host.ts";
export { refusalOf } from "./path-rules.ts";
