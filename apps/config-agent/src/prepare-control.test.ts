import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { planFolders, type Folder } from "./prepare-control.ts";

const TMPFILES = join(import.meta.dirname, "../../../deploy/systemd/tmpfiles.conf");

const nameOf = (id: number) => (id === 0 ? "root" : String(id));

function asTmpfilesLine({ path, mode, owner }: Folder): string {
  return `d ${path} 0${mode.toString(8)} ${nameOf(owner.uid)} ${nameOf(owner.gid)} -`;
}

it("makes the same folders below /run as the host does at a boot, before the engine starts", () => {
  const lines = readFileSync(TMPFILES, "utf8").split("\n");
  const made = planFolders("/var/lib/appliance", "/run/appliance").filter(({ path }) => path.startsWith("/run/"));
  expect(made.map(asTmpfilesLine)).toEqual(lines.filter((line) => line.startsWith("d ")));
});
