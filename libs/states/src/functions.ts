import { isPath, type Arguments } from "./arguments.ts";
import type { FunctionName, Work } from "./state.ts";

/** Debian Policy, section 5.6.1; a '-' at the end would make apt remove the package. */
const PACKAGE = /^[a-z0-9][a-z0-9+.-]*[a-z0-9+.]$/;
const UNIT = /^[A-Za-z0-9:_.@][A-Za-z0-9:_.@-]{0,200}$/;
const UNIT_ENDING = /\.(?:service|timer|socket|target|mount|path)$/;
/** sysctl(8): levels with dots or slashes between them. */
const SYSCTL = /^[a-z0-9_]+(?:[./][A-Za-z0-9_-]+)+$/;
const COMMAND_SECONDS = 600;

/** Every state function there is here, with the arguments that it takes. */
const READERS: { [Name in FunctionName]: (args: Arguments) => Extract<Work, { function: Name }> } = {
  "file.append": (args) => {
    const lines = args.texts("text").flatMap((text) => text.replace(/\n$/, "").split("\n"));
    if (lines.length === 0) args.required("text");
    return { function: "file.append", path: args.path(), lines, makedirs: args.flag("makedirs", false) };
  },
  "file.managed": (args) => ({
    function: "file.managed",
    path: args.path(),
    contents: contentsOf(args),
    ...args.ownership(),
    makedirs: args.flag("makedirs", false),
    replace: args.flag("replace", true),
  }),
  "file.absent": (args) => ({ function: "file.absent", path: args.path() }),
  "file.directory": (args) => ({
    function: "file.directory",
    path: args.path(),
    ...modeOfDirectory(args),
    makedirs: args.flag("makedirs", false),
  }),
  "file.symlink": (args) => {
    const target = args.required("target");
    if (/[\0\n]/.test(target)) args.fault("target", "must be one line");
    return { function: "file.symlink", path: args.path(), target, makedirs: args.flag("makedirs", false) };
  },
  "pkg.installed": (args) => {
    const listed = args.texts("pkgs");
    const packages = listed.length > 0 ? listed : [args.name];
    if (packages.some((name) => !PACKAGE.test(name)))
      args.fault(listed.length > 0 ? "pkgs" : "name", "must be names of Debian packages, without versions");
    return { function: "pkg.installed", packages };
  },
  "cmd.run": (args) => ({
    function: "cmd.run",
    command: args.name,
    onlyif: args.texts("onlyif"),
    unless: args.texts("unless"),
    creates: pathsOf(args, "creates"),
    cwd: pathsOf(args, "cwd")[0],
    env: args.record("env"),
    timeoutSeconds: args.seconds("timeout", COMMAND_SECONDS),
  }),
  "service.running": (args) => {
    const name = args.matching(UNIT, "must be the name of a unit of systemd");
    const enable = args.text("enable") === undefined ? undefined : args.flag("enable", false);
    return { function: "service.running", unit: UNIT_ENDING.test(name) ? name : `${name}.service`, enable };
  },
  "sysctl.present": (args) => {
    const value = args.required("value");
    if (/[\0\n]/.test(value)) args.fault("value", "must be one line");
    return {
      function: "sysctl.present",
      key: args.matching(SYSCTL, "must be a name as in net.ipv4.ip_forward"),
      value,
    };
  },
};

export const FUNCTION_NAMES = Object.keys(READERS) as FunctionName[];

export const isFunctionName = (name: string): name is FunctionName => Object.hasOwn(READERS, name);

export function readWork(name: FunctionName, args: Arguments): Work {
  const work = READERS[name](args);
  args.refuseOthers(name);
  return work;
}

/** Salt ends the last line unless `contents_newline` says no. */
function contentsOf(args: Arguments): string | undefined {
  const texts = args.texts("contents");
  const newline = args.flag("contents_newline", true);
  if (texts.length === 0) return undefined;
  const text = texts.join("\n");
  return newline && text !== "" && !text.endsWith("\n") ? `${text}\n` : text;
}

/** Both words are Salt's. */
function modeOfDirectory(args: Arguments) {
  const { mode, ...owner } = args.ownership("mode");
  return { ...owner, mode: args.ownership("dir_mode").mode ?? mode };
}

function pathsOf(args: Arguments, key: string): string[] {
  const paths = args.texts(key);
  if (paths.some((path) => !isPath(path))) args.fault(key, "must be an absolute path");
  return paths;
}
