import type { Api } from "./api.ts";
import type { Compose } from "./compose.ts";
import type { Installation } from "./installation.ts";
import type { Terminal } from "./terminal.ts";

/** What every command is handed. */
export interface Context {
  installation: Installation;
  /** config-agent's. */
  api: Api;
  updateAgent: Api;
  certAgent: Api;
  backupAgent: Api;
  compose: Compose;
  terminal: Terminal;
}
