import type { CommandOptions, CommandResult } from "@appliance/command";
import type { Verb } from "./host.ts";

type Passed = "env" | "input" | "timeoutMs" | "signal" | "onLine" | "okExitCodes" | "secrets";

export interface PowerOptions extends Pick<CommandOptions, Passed> {
  /** What the program leaves running, such as the server of a FUSE file system, is not ended with it. */
  keepChildren?: boolean;
}

/** How a program gets onto the host. Two ways: a transient unit of systemd, or the host's namespaces entered with our own powers. */
export interface HostPower {
  /** Looks at the host from inside of it, with no more power than this agent has. */
  observe(program: string, args: readonly string[], options?: Partial<PowerOptions>): Promise<CommandResult>;
  /** Acts with the powers of the host's root and waits for the end. */
  run(verb: Verb, program: string, args: readonly string[], options: PowerOptions): Promise<CommandResult>;
  /** Acts with the powers of the host's root, outlives this agent and the engine, and returns once it has begun. */
  start(verb: Verb, id: string, program: string, args: readonly string[]): Promise<void>;
}

export const OBSERVE_MS = 30_000;
