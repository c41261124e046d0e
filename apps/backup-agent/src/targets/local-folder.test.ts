import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { localFolderOf, requireLocalFolder, type LocalPlaces } from "./local-folder.ts";

let root: string;
let places: LocalPlaces;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "local-"));
  places = { mounted: [join(root, "mnt")], made: join(root, "volatile") };
});
afterEach(() => rmSync(root, { recursive: true }));

const HOST: LocalPlaces = { mounted: ["/mnt", "/media", "/srv"], made: "/volatile" };

it.each([
  "file:///data/backup",
  "file:///mnt",
  "file:///mnt/../data/x",
  "file:///mntx/y",
  "file://host/mnt/x",
  "file:relative",
])("refuses %s, and says where backups on this host lie", (url) => {
  expect(() => localFolderOf(url, HOST)).toThrow("/mnt, /media, /srv or /volatile");
});

it("knows the folder of a target here, and none of a target elsewhere", () => {
  expect(localFolderOf("file:///volatile/ecs-backup-test/", HOST)).toBe("/volatile/ecs-backup-test/");
  expect(localFolderOf("sftp://user@host/mnt/x", HOST)).toBeUndefined();
});

it("makes a folder where it may be lost anyway, and none where a disk has to be mounted", async () => {
  await requireLocalFolder(join(places.made, "ecs-backup-test"), places);
  expect(statSync(join(places.made, "ecs-backup-test")).mode & 0o777).toBe(0o700);
  await expect(requireLocalFolder(join(root, "mnt/disk"), places)).rejects.toMatchObject({
    code: "BACKUP_TARGET_UNREACHABLE",
  });
});
