export { withClient, type DatabaseAddress } from "./dump/connection.ts";
export { dumpDatabase, type DumpDependencies, type DumpOptions, type DumpOutcome } from "./dump/dump-database.ts";
export { BYTES_A_FILE, chooseSample, type SampleLimits } from "./files/choose-sample.ts";
export { indexFiles, readIndex, type IndexOptions, type IndexOutcome } from "./files/index-files.ts";
export type { ListDependencies } from "./files/list-files.ts";
export { envFingerprint } from "./manifest/env-fingerprint.ts";
export {
  clearUnfinished,
  CONTENT_FILES,
  forgetManifest,
  readLastManifest,
  readManifest,
  writeManifest,
  type Manifest,
} from "./manifest/manifest.ts";
export { deriveKeys, fingerprintEnv, type Keys } from "./manifest/seal.ts";
export { planBackup, type BackupPlan, type Counted, type SafetyPolicy } from "./plan-backup.ts";
export { checkFiles, type FilesChecked } from "./proof/check-files.ts";
export { checkLegacy, type LegacyOptions, type LegacyReport } from "./proof/check-legacy.ts";
export { checkRestored, type ProofDependencies, type ProofOptions } from "./proof/check-restored.ts";
export { restoreDump, unpackDump, type DumpDestination, type Locale } from "./proof/load-dump.ts";
export { checkRows, type DatabaseProof, type Digest } from "./proof/prove-database.ts";
export { readReport, Report, writeReport } from "./proof/report.ts";
export type { VaultKeys } from "./proof/vault-keys.ts";
export type { Account } from "./proof/workplace.ts";
export { findPostgresPrograms } from "./postgres-programs.ts";
