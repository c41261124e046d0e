export { parseStates, type ParsedStates } from "./parse-states.ts";
export { FUNCTION_NAMES } from "./functions.ts";
export type {
  CommandRun,
  FileAbsent,
  FileAppend,
  FileDirectory,
  FileManaged,
  FileSymlink,
  FunctionName,
  Ownership,
  PackageInstalled,
  ServiceRunning,
  State,
  StateProblem,
  SysctlPresent,
} from "./state.ts";
