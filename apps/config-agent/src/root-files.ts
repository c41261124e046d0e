import { lstat, readFile, readlink, readdir, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OperatorError, isSystemError } from "@appliance/errors";
import {
  ensureDirectory,
  resolveInRoot,
  switchSymlink,
  withFolderInRoot,
  writeFileDurable,
  type FileAttributes,
} from "@appliance/files";

/** The appliance's own files on the host: every path is absolute there and cannot leave the host root. */
export interface RootFiles {
  /** Undefined when there is no such file. */
  read(path: string): Promise<Buffer | undefined>;
  write(path: string, data: string | Uint8Array, attributes: FileAttributes): Promise<void>;
  /** What is no longer there is no error. */
  remove(path: string): Promise<void>;
  exists(path: string): Promise<boolean>;
  names(path: string): Promise<string[]>;
  attributes(
    path: string,
  ): Promise<
    { kind: "folder" | "file" | "link" | "other"; mode: number; uid: number; gid: number; target?: string } | undefined
  >;
  ensureFolder(path: string, attributes: FileAttributes): Promise<void>;
  ensureLink(path: string, target: string): Promise<void>;
  /** Where an existing folder lies for this process, for programs and libraries that take a path. */
  locate(path: string): Promise<string>;
  /** Whether `path` is a file system of its own. */
  isMountPoint(path: string): Promise<boolean>;
}

export function createRootFiles(root: string): RootFiles {
  const inFolder = <T>(path: string, work: (path: string) => Promise<T>) =>
    withFolderInRoot(root, dirname(path), {}, (folder) => work(join(folder, basename(path))));
  return {
    read: (path) => orUndefined(async () => readFile(await resolveInRoot(root, path))),
    write: (path, data, attributes) => inFolder(path, (at) => writeFileDurable(at, data, attributes)),
    async remove(path) {
      await orUndefined(() => inFolder(path, (at) => rm(at)));
    },
    async exists(path) {
      return (await orUndefined(() => inFolder(path, (at) => lstat(at)))) !== undefined;
    },
    async names(path) {
      return (await orUndefined(async () => readdir(await resolveInRoot(root, path)))) ?? [];
    },
    attributes: (path) => orUndefined(() => inFolder(path, attributesOf)),
    async ensureFolder(path, attributes) {
      await inFolder(path, (at) => ensureDirectory(at, attributes));
    },
    async ensureLink(path, target) {
      await inFolder(path, (at) => switchSymlink(at, target));
    },
    locate: (path) => resolveInRoot(root, path),
    async isMountPoint(path) {
      const devices = await orUndefined(async () => {
        const at = await resolveInRoot(root, path);
        return [(await stat(at)).dev, (await stat(dirname(at))).dev];
      });
      return devices !== undefined && devices[0] !== devices[1];
    },
  };
}

async function attributesOf(path: string) {
  const found = await lstat(path);
  const kind = found.isDirectory() ? "folder" : found.isFile() ? "file" : found.isSymbolicLink() ? "link" : "other";
  const { mode, uid, gid } = found;
  const target = kind === "link" ? { target: await readlink(path) } : {};
  return { kind, mode: mode & 0o7777, uid, gid, ...target } as const;
}

async function orUndefined<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (err) {
    if (isSystemError(err, "ENOENT")) return undefined;
    if (err instanceof OperatorError && err.code === "PATH_MISSING") return undefined;
    throw err;
  }
}
