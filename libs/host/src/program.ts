import { OperatorError } from "@appliance/errors";
import { findHook } from "./hooks.ts";
import type { HostProgram } from "./host.ts";
import type { HostPower } from "./power.ts";
import { assertEnvironment } from "./refuse.ts";

/** The one verb for the operator's own program text. Each caller names where the text stands: env.yml or a hook. */
export function createHostProgram(power: HostPower, root: string): HostProgram {
  return {
    async run(source, options) {
      assertEnvironment(options.env ?? {});
      if ("text" in source) return power.run("program", "/bin/sh", ["-s"], { ...options, input: asGroup(source.text) });
      const { path, refused } = await findHook(root, source.hook);
      if (refused !== undefined) throw notRun(path, refused);
      return power.run("program", path, [], options);
    },
  };
}

/** The shell reads a group whole before it runs it, so that no program in it can read the rest of the text as its input. */
const asGroup = (text: string) => `{ :\n${text}\n} </dev/null\n`;

const notRun = (path: string, why: string) =>
  new OperatorError("HOOK_REFUSED", `the hook ${path} is not run: ${why}`, {
    remedy: "Let root own it and the folders above it, with mode 0755.",
  });
