export { IDENTITIES, TLS_GROUP, type Identity, type IdentityName } from "./identities.ts";
export type {
  Drive,
  Host,
  HostDrives,
  HostFacts,
  HostFiles,
  HostMetadataBlock,
  HostMounts,
  HostName,
  HostPackages,
  HostProgram,
  HostSshKeys,
  HostStorage,
  HostUnits,
  MetadataBlockState,
  KeptMount,
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
