import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { resolveOnHost } from "@appliance/files";
import type { Hook, HostHooks } from "./host.ts";
import { OWN_SYMLINKS } from "./path-rules.ts";
import { isMissing } from "./read-in-root.ts";

export const HOOKS = "/app/etc/hooks";

const STAGE = /^[a-z][a-z-]{0,40}\.[a-z]{1,20}$/;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const WRITABLE_BY_OTHERS = 0o022;
const EXECUTABLE = 0o100;

/** The operator's hooks, as files of the host. */
export function createHostHooks(root: string): HostHooks {
  return {
    async list(stage) {
      const folder = await folderOf(root, stage);
      if (folder === undefined) return [];
      const names = (await readdir(root + folder)).filter((name) => name.endsWith(".sh"));
      return Promise.all(names.sort(byBytes).map((name) => describe(root, folder, stage, name)));
    },
  };
}

/**
 * Where a hook lies on the host, by its `STAGE/NAME.sh`, and why it is not run.
 * Who may write a hook or a folder above it may do anything to the host: that must be root alone.
 */
export async function findHook(root: string, hook: string): Promise<{ path: string; refused: string | undefined }> {
  const [stage = "", name = "", ...more] = hook.split("/");
  const folder = await folderOf(root, stage);
  const path = `${folder ?? `${HOOKS}/${stage}`}/${name}`;
  if (folder === undefined || more.length > 0 || !NAME.test(name))
    return { path, refused: "its name is not one of a hook" };
  return { path, refused: (await whyFolderRefused(root, folder)) ?? (await whyFileRefused(root + path)) };
}

async function describe(root: string, folder: string, stage: string, name: string): Promise<Hook> {
  const { refused } = await findHook(root, `${stage}/${name}`);
  return {
    name: `${stage}/${name}`,
    sha256: refused === undefined ? await hashOf(`${root}${folder}/${name}`) : "",
    refused,
  };
}

async function folderOf(root: string, stage: string): Promise<string | undefined> {
  if (!STAGE.test(stage)) return undefined;
  try {
    return await resolveOnHost(root, `${HOOKS}/${stage}`, { symlinks: OWN_SYMLINKS });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function whyFolderRefused(root: string, folder: string): Promise<string | undefined> {
  const parts = folder.split("/").slice(1);
  for (const length of parts.keys()) {
    const above = `/${parts.slice(0, length + 1).join("/")}`;
    const { uid, mode } = await lstat(root + above);
    if (uid !== 0 || (mode & WRITABLE_BY_OTHERS) !== 0) return `others than root may write ${above}`;
  }
  return undefined;
}

async function whyFileRefused(path: string): Promise<string | undefined> {
  try {
    const stats = await lstat(path);
    if (!stats.isFile()) return "it is not a regular file";
    if (stats.uid !== 0 || (stats.mode & WRITABLE_BY_OTHERS) !== 0) return "others than root may write it";
    return (stats.mode & EXECUTABLE) === 0 ? "it may not be executed" : undefined;
  } catch (error) {
    if (isMissing(error)) return "it does not exist";
    throw error;
  }
}

async function hashOf(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return createHash("sha256")
      .update(await file.readFile())
      .digest("hex");
  } finally {
    await file.close();
  }
}

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
