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
  ContainersRestart,
  ContainersRun,
  ContainersSignal,
  ContainersStop,
  ContainersUp,
  Project,
} from "./contracts/containers.ts";
export { DatabaseCreate } from "./contracts/database.ts";
export { HostMount, HostPackages, HostReboot, HostUnmount } from "./contracts/host.ts";
export { CONTRACTS } from "./contracts/index.ts";
