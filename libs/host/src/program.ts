import { lstat } from "node:fs/promises";
import { OperatorError } from "@appliance/errors";
import { resolveOnHost } from "@appliance/files";
import type { HostProgram } from "./host.ts";
import type { HostPower } from "./power.ts";
import { OWN_SYMLINKS } from "./path-rules.ts";
import { isMissing } from "./read-in-root.ts";
import { assertEnvironment } from "./refuse.ts";

const HOOKS = "/app/etc/hooks";
const HOOK = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const WRITABLE_BY_OTHERS = 0o022;
const EXECUTABLE = 0o100;

/** The one verb for the operator's own program text. Each caller names where the text stands: env.yml or a hook. */
export function createHostProgram(power: HostPower, root: string): HostProgram {
  return {
    async run(source, options) {
      assertEnvironment(options.env ?? {});
      if ("text" in source) return power.run("program", "/bin/sh", ["-s"], { ...options, input: source.text });
      return power.run("program", await findHook(root, source.hook), [], options);
    },
  };
}

/** Who may write a hook or its folder may do anything to the host: that must be root alone. */
async function findHook(root: string, name: string): Promise<string> {
  if (!HOOK.test(name)) throw refused(name, "its name is not one of a hook");
  try {
    const folder = await resolveOnHost(root, HOOKS, { symlinks: OWN_SYMLINKS });
    const path = `${folder}/${name}`;
    const [folderStats, stats] = [await lstat(root + folder), await lstat(root + path)];
    if (!stats.isFile()) throw refused(name, "it is not a regular file");
    if ([folderStats, stats].some(({ uid, mode }) => uid !== 0 || (mode & WRITABLE_BY_OTHERS) !== 0))
      throw refused(name, `others than root may write it or ${HOOKS}`);
    if ((stats.mode & EXECUTABLE) === 0) throw refused(name, "it may not be executed");
    return path;
  } catch (error) {
    if (isMissing(error)) throw refused(name, "it does not exist");
    throw error;
  }
}

const refused = (name: string, why: string) =>
  new OperatorError("HOOK_REFUSED", `the hook ${HOOKS}/${name} is not run: ${why}`, {
    remedy: "Let root own it and its folder, with mode 0755.",
  });
