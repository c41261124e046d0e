export { attachHost, type Host, type HostOptions, listHosts, startHost } from "./host.ts";
export { run, type RunOptions, type RunResult, waitFor } from "./process.ts";
