import type { Host } from "@appliance/host";
import type { Change, Log } from "@appliance/jobs";
import type { StateRecord } from "./record.ts";

/** What carrying out a state would do. Its texts show neither contents nor commands, which may hold secrets. */
export interface Difference {
  /** One sentence in the imperative. */
  summary: string;
  changes?: Change[];
  restarts?: string[];
  /** Why this host gives no power for it. */
  unavailable?: string | undefined;
}

export interface StateTools {
  host: Host;
  record: StateRecord;
  log: Log;
  /** Texts that no log and no error may show. */
  secrets: readonly string[];
  signal?: AbortSignal;
}

/** One function of Salt's: looks whether the host is as the state wants, and makes it so. */
export interface StateFunction<S> {
  /** Undefined when nothing is to be done. */
  observe(state: S, tools: StateTools): Promise<Difference | undefined>;
  apply(state: S, tools: StateTools): Promise<unknown>;
}
