/** One thing that a host is to have, read from Salt's notation. Paths are absolute, names are expanded, defaults are set. */
export type State = Declared & Work;

export interface Declared {
  /** The key under which it stands; it may be the command itself. */
  id: string;
  /** Of the function, in the text of the states; both count from 1. */
  line: number;
  column: number;
  /** States, by their index in the result, whose change lets this one act anew. Only a service has any. */
  watches: readonly number[];
}

export type Work =
  | FileAppend
  | FileManaged
  | FileAbsent
  | FileDirectory
  | FileSymlink
  | PackageInstalled
  | CommandRun
  | ServiceRunning
  | SysctlPresent;

export type FunctionName = Work["function"];

/** Who owns a file or folder, and its mode; what is not said stays as it is, and is root's when it is new. */
export interface Ownership {
  user?: string | undefined;
  group?: string | undefined;
  mode?: number | undefined;
}

export interface FileAppend {
  function: "file.append";
  path: string;
  /** Each stands in the file as a line of its own. */
  lines: readonly string[];
  makedirs: boolean;
}

export interface FileManaged extends Ownership {
  function: "file.managed";
  path: string;
  /** Undefined: whatever is in it stays, a new file is empty. */
  contents: string | undefined;
  makedirs: boolean;
  /** False: content that is there already stays. */
  replace: boolean;
}

export interface FileAbsent {
  function: "file.absent";
  path: string;
}

export interface FileDirectory extends Ownership {
  function: "file.directory";
  path: string;
  makedirs: boolean;
}

export interface FileSymlink {
  function: "file.symlink";
  path: string;
  target: string;
  makedirs: boolean;
}

export interface PackageInstalled {
  function: "pkg.installed";
  packages: readonly string[];
}

export interface CommandRun {
  function: "cmd.run";
  command: string;
  /** Commands that must all end with 0 for it to run. */
  onlyif: readonly string[];
  /** It does not run when all of these end with 0. */
  unless: readonly string[];
  /** It does not run when all of these paths exist. */
  creates: readonly string[];
  cwd: string | undefined;
  env: Readonly<Record<string, string>>;
  timeoutSeconds: number;
}

export interface ServiceRunning {
  function: "service.running";
  /** With its ending, such as `ssh.service`. */
  unit: string;
  /** Whether it starts with the host; undefined leaves that as it is. */
  enable: boolean | undefined;
}

export interface SysctlPresent {
  function: "sysctl.present";
  key: string;
  value: string;
}

/** What is wrong with the text, at its line and column. Quotes no value: the whole text counts as a secret. */
export interface StateProblem {
  line: number;
  column: number;
  message: string;
  suggestion?: string;
  remedy?: string;
}

export type Report = (problem: StateProblem) => void;
