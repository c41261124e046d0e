export { parseStorageSetup, type ParsedSetup, type SetupProblem } from "./parse.ts";
export type { SetupMount, StorageSetup } from "./setup.ts";
export {
  LSBLK_COLUMNS,
  WIPEFS_COLUMNS,
  readDevices,
  readLogicalVolumes,
  readPhysicalVolumes,
  readSignatures,
  type BlockDevice,
  type Observed,
  type Signature,
} from "./observed.ts";
export { planStorageSetup } from "./plan.ts";
export type { Refusal, SetupPlan, SetupStep } from "./planning.ts";
export { devicesNamed } from "./named.ts";
export { commandOf, packagesFor, PROGRAM_PACKAGES, type StorageCommand, type StorageWork } from "./work.ts";
export { describeContent, describeSize } from "./describe.ts";
