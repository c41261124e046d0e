import type { FunctionName, State } from "@appliance/states";
import { fileAbsent, fileAppend, fileDirectory, fileManaged, fileSymlink } from "./file-states.ts";
import { commandRun, packageInstalled, serviceRunning, sysctlPresent } from "./host-states.ts";
import type { Difference, StateFunction, StateTools } from "./state-function.ts";

export { createStateRecord } from "./record.ts";
export type { Difference, StateTools } from "./state-function.ts";

const FUNCTIONS: { [Name in FunctionName]: StateFunction<Extract<State, { function: Name }>> } = {
  "file.append": fileAppend,
  "file.managed": fileManaged,
  "file.absent": fileAbsent,
  "file.directory": fileDirectory,
  "file.symlink": fileSymlink,
  "pkg.installed": packageInstalled,
  "cmd.run": commandRun,
  "service.running": serviceRunning,
  "sysctl.present": sysctlPresent,
};

/** The compiler cannot see that a name and its state belong together; the type of `FUNCTIONS` says so. */
const functionOf = (state: State) => FUNCTIONS[state.function] as StateFunction<State>;

/** What a state would change; undefined when the host is as it wants. */
export const observeState = (state: State, tools: StateTools): Promise<Difference | undefined> =>
  functionOf(state).observe(state, tools);

export const applyState = (state: State, tools: StateTools): Promise<unknown> => functionOf(state).apply(state, tools);
