export {
  AGENTS,
  QUEUES,
  defineJob,
  type AgentName,
  type DataInput,
  type DataOf,
  type JobContract,
  type ProgressOf,
  type QueueName,
  type ResultOf,
} from "./contract.ts";
export {
  BackupDrill,
  BackupPoint,
  BackupProgress,
  BackupRestore,
  BackupRun,
  BackupUnlock,
  BackupVerify,
  ConfigRecover,
  ContainersRecover,
  type Recovered,
  RecoveryLine,
  TargetName,
  TargetOutcome,
} from "./contracts/backup.ts";
export {
  ApplyProgress,
  Change,
  ConfigApply,
  ConfigCheck,
  ConfigProblem,
  ConfigStop,
  Step,
} from "./contracts/config.ts";
export {
  Container,
  ContainersObserve,
  ContainersRenewMounts,
  ContainersRestart,
  ContainersRun,
  ContainersSignal,
  ContainersStop,
  ContainersUp,
  Project,
} from "./contracts/containers.ts";
export {
  CaRollover,
  CertEnsure,
  CertificateSource,
  ClientCertificate,
  ClientIssue,
  ClientRevoke,
  CrlPublish,
} from "./contracts/cert.ts";
export { DatabaseCreate } from "./contracts/database.ts";
export { EnvUpdate } from "./contracts/env.ts";
export { HostMount, HostPackages, HostReboot, HostUnmount } from "./contracts/host.ts";
export { CONTRACTS } from "./contracts/index.ts";
export { aclFile } from "./acl.ts";
export { connectWorker, type QueueConnection } from "./connection.ts";
export { parseFailedReason } from "./failed-reason.ts";
export { handle, type JobContext, type JobHandler, type Work } from "./handle.ts";
export type { JobState, JobView } from "./job-view.ts";
export type { Log } from "./log.ts";
export { JobId, type EnqueueOptions } from "./order.ts";
export { createProducer, type Producer } from "./producer.ts";
export type { RequestOptions } from "./request.ts";
export { keepSchedules, type Schedule, type Schedules } from "./schedules.ts";
export { startWorker, type JobOutcome, type JobWorker } from "./worker.ts";
