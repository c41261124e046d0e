export { CommandError } from "./command-error.ts";
export type { CommandOptions, CommandResult } from "./command.ts";
export { runCommand, type RunCommand } from "./run-command.ts";
