import type { JobContract } from "../contract.ts";
import {
  BackupDrill,
  BackupRestore,
  BackupRun,
  BackupUnlock,
  BackupVerify,
  ConfigRecover,
  ContainersRecover,
} from "./backup.ts";
import { CaRollover, CertEnsure, ClientIssue, ClientRevoke, CrlPublish } from "./cert.ts";
import { ConfigApply, ConfigCheck, ConfigStop } from "./config.ts";
import {
  ContainersObserve,
  ContainersRenewMounts,
  ContainersRestart,
  ContainersRun,
  ContainersSignal,
  ContainersStop,
  ContainersUp,
} from "./containers.ts";
import { DatabaseCreate } from "./database.ts";
import { EnvUpdate } from "./env.ts";
import { HostMount, HostPackages, HostReboot, HostUnmount } from "./host.ts";

/** Every job of the appliance; the Redis users are generated from it. */
export const CONTRACTS: readonly JobContract[] = [
  ConfigApply,
  ConfigCheck,
  ConfigStop,
  DatabaseCreate,
  EnvUpdate,
  HostPackages,
  HostReboot,
  HostMount,
  HostUnmount,
  ContainersObserve,
  ContainersUp,
  ContainersStop,
  ContainersRestart,
  ContainersRenewMounts,
  ContainersSignal,
  ContainersRun,
  CertEnsure,
  ClientIssue,
  ClientRevoke,
  CrlPublish,
  CaRollover,
  BackupRun,
  BackupVerify,
  BackupDrill,
  BackupRestore,
  BackupUnlock,
  ConfigRecover,
  ContainersRecover,
];
