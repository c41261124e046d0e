import { dirname } from "node:path";
import { OperatorError } from "@appliance/errors";
import type { HostFiles, WantedFile } from "@appliance/host";
import type { FileAbsent, FileAppend, FileDirectory, FileManaged, FileSymlink, Ownership } from "@appliance/states";
import type { StateFunction } from "./state-function.ts";

const NEW_FILE_MODE = 0o644;
const NEW_FOLDER_MODE = 0o755;
const LINE_END = 0x0a;

/** Each line that is not in the file yet, at its end. */
export const fileAppend: StateFunction<FileAppend> = {
  async observe({ path, lines }, { host }) {
    const missing = await missingLines(path, lines, host.files);
    return missing.length === 0
      ? undefined
      : { summary: `Append ${missing.length === 1 ? "a line" : `${missing.length} lines`} to ${path}` };
  },
  async apply({ path, lines, makedirs }, { host: { files } }) {
    await refuseWithoutFolder(path, makedirs, files);
    const before = (await files.read(path)) ?? Buffer.alloc(0);
    const missing = await missingLines(path, lines, files);
    const gap = before.length === 0 || before.at(-1) === LINE_END ? "" : "\n";
    const content = Buffer.concat([before, Buffer.from(gap + missing.map((line) => `${line}\n`).join(""))]);
    await files.write({ path, content, ...(await asFile(path, {}, files)) });
  },
};

async function missingLines(path: string, lines: readonly string[], files: HostFiles): Promise<string[]> {
  const present = new Set((await files.read(path))?.toString().split("\n"));
  return lines.filter((line) => !present.has(line));
}

export const fileManaged: StateFunction<FileManaged> = {
  async observe(state, { host }) {
    const wanted = await wantedFile(state, host.files);
    const found = await host.files.compare(wanted);
    if (found === "same") return undefined;
    return { summary: found === "missing" ? `Write ${state.path}` : `Write ${state.path} anew` };
  },
  async apply(state, { host: { files } }) {
    await refuseWithoutFolder(state.path, state.makedirs, files);
    await files.write(await wantedFile(state, files));
  },
};

async function wantedFile(state: FileManaged, files: HostFiles): Promise<WantedFile> {
  const { path, contents, replace } = state;
  const present = contents === undefined || !replace ? await files.read(path) : undefined;
  return { path, content: present ?? contents ?? "", ...(await asFile(path, state, files)) };
}

/** Mode and owner of a file: what the state says, else what it has, else what a new one gets. */
async function asFile(path: string, wanted: Ownership, files: HostFiles): Promise<{ mode: number; owner: string }> {
  const { mode, uid, gid } = await ownershipOf(path, wanted, NEW_FILE_MODE, files);
  return { mode, owner: `${uid}:${gid}` };
}

async function ownershipOf(path: string, { user, group, mode }: Ownership, newMode: number, files: HostFiles) {
  const found = await files.look(path);
  const has = found.type === "file" || found.type === "folder" ? found : { mode: newMode, uid: 0, gid: 0 };
  const uid = user === undefined ? has.uid : (await files.owner(`${user}:0`)).uid;
  const gid = group === undefined ? has.gid : (await files.owner(`0:${group}`)).gid;
  return { mode: mode ?? has.mode, uid, gid };
}

export const fileAbsent: StateFunction<FileAbsent> = {
  async observe({ path }, { host }) {
    const { type } = await host.files.look(path);
    if (type === "missing") return undefined;
    return { summary: type === "folder" ? `Remove ${path} with all that is in it` : `Remove ${path}` };
  },
  apply: ({ path }, { host }) => host.files.remove(path),
};

export const fileDirectory: StateFunction<FileDirectory> = {
  async observe(state, { host: { files } }) {
    const found = await files.look(state.path);
    const wanted = await ownershipOf(state.path, state, NEW_FOLDER_MODE, files);
    const same =
      found.type === "folder" && found.mode === wanted.mode && found.uid === wanted.uid && found.gid === wanted.gid;
    if (same) return undefined;
    return { summary: found.type === "folder" ? `Change the folder ${state.path}` : `Make the folder ${state.path}` };
  },
  async apply(state, { host: { files } }) {
    await refuseWithoutFolder(state.path, state.makedirs, files);
    await files.makeFolder(state.path, await ownershipOf(state.path, state, NEW_FOLDER_MODE, files));
  },
};

export const fileSymlink: StateFunction<FileSymlink> = {
  async observe({ path, target }, { host }) {
    const found = await host.files.look(path);
    if (found.type === "link" && found.target === target) return undefined;
    const from = found.type === "link" ? { from: found.target } : {};
    return { summary: `Let ${path} point to ${target}`, changes: [{ what: path, ...from, to: target }] };
  },
  async apply({ path, target, makedirs }, { host: { files } }) {
    await refuseWithoutFolder(path, makedirs, files);
    await files.link(path, target);
  },
};

/** As in Salt: a folder that was mistyped is not made. */
async function refuseWithoutFolder(path: string, makedirs: boolean, files: HostFiles): Promise<void> {
  const folder = dirname(path);
  if (makedirs || folder === "/" || (await files.look(folder)).type !== "missing") return;
  throw new OperatorError("STATE_FAILED", `${path} cannot be made: there is no folder ${folder}`, {
    remedy: "Add `- makedirs: true` to the state, or correct its name; then run `appliance apply`.",
  });
}
