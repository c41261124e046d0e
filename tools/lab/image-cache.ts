import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { docker, imageId } from "./docker.ts";

const CACHE_DIR = "/var/tmp/appliance-lab";
const KEPT_TARS = 3;

/**
 * A tar of these images for `docker load`, made once for the same content: saving takes longer than loading.
 * @throws Error naming an image that this machine does not have.
 */
export async function imageTar(images: readonly string[]): Promise<string> {
  const tar = join(CACHE_DIR, `${await contentHash(images)}.tar`);
  if (existsSync(tar)) utimesSync(tar, new Date(), new Date());
  else await save(images, tar);
  removeOldTars();
  return tar;
}

async function contentHash(images: readonly string[]): Promise<string> {
  const hash = createHash("sha256");
  for (const image of [...images].sort()) {
    const id = await imageId(image);
    if (!id) throw new Error(`this machine has no image ${image}`);
    hash.update(`${image} ${id}\n`);
  }
  return hash.digest("hex").slice(0, 12);
}

async function save(images: readonly string[], tar: string): Promise<void> {
  mkdirSync(CACHE_DIR, { recursive: true, mode: 0o700 });
  const unfinished = `${tar}.${process.pid}.part`;
  await docker(["save", "--output", unfinished, ...images]);
  renameSync(unfinished, tar);
}

function removeOldTars(): void {
  const age = (file: string) => statSync(file).mtimeMs;
  const tars = readdirSync(CACHE_DIR)
    .filter((name) => name.endsWith(".tar"))
    .map((name) => join(CACHE_DIR, name));
  for (const old of tars.sort((a, b) => age(b) - age(a)).slice(KEPT_TARS)) rmSync(old);
}
