export { startAgent, type Agent, type AgentOptions } from "./agent.ts";
export { parseAgentConfig, type AgentConfig } from "./config.ts";
export type { AgentHttp } from "./http.ts";
export { createLog, type LogOptions } from "./log.ts";
export { combineReady, notReady, READY, type ReadyCheck, type ReadyState } from "./ready.ts";
export { runAgent } from "./run-agent.ts";
export { watchSlice, type Slice, type SliceOptions } from "./slice.ts";
export { watchFile, type FileWatch } from "./watch-file.ts";
