export { writeFileDurable, removeLeftovers, syncFolder, type FileAttributes } from "./write-file-durable.ts";
export { readIfThere } from "./read-if-there.ts";
export { ensureDirectory } from "./ensure-directory.ts";
export { switchSymlink, targetOf } from "./switch-symlink.ts";
export { publishGeneration, type GenerationFile } from "./publish-generation.ts";
export { resolveInRoot, resolveOnHost, type ResolveOptions } from "./resolve-in-root.ts";
export { withFolderInRoot } from "./with-folder-in-root.ts";
export { withFlock, type FlockOptions } from "./with-flock.ts";
