import type { Api } from "./api.ts";
import type { Compose } from "./compose.ts";
import type { Installation } from "./installation.ts";
import type { Terminal } from "./terminal.ts";

/** What every command is handed. */
export interface Context {
  installation: Installation;
  api: Api;
  compose: Compose;
  terminal: Terminal;
}
