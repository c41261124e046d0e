/** What becomes of the folders and certificates of an older system, on a real root folder. */
import {
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRootFolderHost } from "@appliance/host";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { RunContext, Wanted } from "../capability.ts";
import { createRootFiles } from "../root-files.ts";
import { createStorageLook } from "../storage/look.ts";
import { storageCapability } from "./storage.ts";

const run: RunContext = { runId: "run-1", signal: new AbortController().signal, note: () => {} };
const wanted = { env: { appliance: { storage: { ignore: { data: true, volatile: true } } } } } as Wanted;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "storage-"));
  for (const folder of ["data/etc", "run/appliance", "var/lib/appliance/database"])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const capability = () => {
  const host = createRootFolderHost({ root });
  return storageCapability({ host, files: createRootFiles(root), look: createStorageLook(host) });
};

/** As far as `stopAfter`, counted in steps. */
async function apply(stopAfter = Infinity): Promise<void> {
  const storage = capability();
  const steps = await storage.plan(wanted);
  for (const step of steps.slice(0, stopAfter)) await storage.apply(step, wanted, run);
}

const write = (path: string, text: string) => writeFileSync(join(root, path), text, { mode: 0o644 });
const text = (path: string) => readFileSync(join(root, path), "utf8");

it("keeps key and certificate of an older system for cert-agent alone, and puts links in their place", async () => {
  write("data/etc/server.key.pem", "KEY");
  write("data/etc/server.cert.pem", "CERTIFICATE");
  await apply();
  expect(readlinkSync(join(root, "data/etc/server.key.pem"))).toBe("certificates/served/current/server.key.pem");
  expect(text("data/etc/certificates/before/server.key.pem")).toBe("KEY");
  expect(text("data/etc/certificates/before/server.cert.pem")).toBe("CERTIFICATE");
  const { mode, uid } = statSync(join(root, "data/etc/certificates/before/server.key.pem"));
  expect([mode & 0o777, uid]).toEqual([0o600, 5003]);
  expect(await capability().plan(wanted)).toEqual([]);
});

it("loses nothing of them when it ends after any of its steps", async () => {
  write("data/etc/server.key.pem", "KEY");
  const count = (await capability().plan(wanted)).length;
  for (let steps = 1; steps <= count; steps++) {
    await apply(steps);
    const now = () => text("data/etc/server.key.pem");
    const kept = () => text("data/etc/certificates/before/server.key.pem");
    expect([now, kept].map(readOrNothing)).toContain("KEY");
  }
});

it("finishes what a killed run has begun: a copy that is there already is no reason to keep it twice", async () => {
  await apply();
  unlinkSync(join(root, "data/etc/server.key.pem"));
  write("data/etc/server.key.pem", "KEY");
  write("data/etc/certificates/before/server.key.pem", "KEY");
  await apply();
  expect((await createRootFiles(root).names("/data/etc/certificates/before")).length).toBe(1);
});

it("keeps an earlier one beside a later one", async () => {
  await apply();
  for (const key of ["FIRST", "SECOND"]) {
    unlinkSync(join(root, "data/etc/server.key.pem"));
    write("data/etc/server.key.pem", key);
    await apply();
  }
  const folder = "/data/etc/certificates/before";
  const kept = (await createRootFiles(root).names(folder)).map((name) => text(`${folder}/${name}`));
  expect(new Set(kept)).toEqual(new Set(["FIRST", "SECOND"]));
  expect(text(`${folder}/server.key.pem`)).toBe("SECOND");
});

it("gives the folders of an older host that backup-agent writes to it, and leaves what lies in them", async () => {
  for (const folder of ["data/ecs-pgdump", "volatile/ecs-backup-test"]) {
    mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
    write(`${folder}/earlier`, "DUMP");
    chownSync(join(root, folder, "earlier"), 5000, 5000);
  }
  await apply();
  const found = (path: string) => {
    const { mode, uid, gid } = statSync(join(root, path));
    return [uid, gid, (mode & 0o777).toString(8)];
  };
  expect(found("data/ecs-pgdump")).toEqual([5002, 5000, "750"]);
  expect(found("data/ecs-pgdump/earlier").slice(0, 2)).toEqual([5000, 5000]);
  for (const folder of ["volatile/ecs-backup-test", "volatile/backup"])
    expect([folder, ...found(folder)]).toEqual([folder, 5002, 5002, "700"]);
  for (const folder of ["data/etc/backup", "data/etc/backup/targets", "data/etc/backup/reports"])
    expect([folder, ...found(folder)]).toEqual([folder, 5002, 5002, "750"]);
  expect(await capability().plan(wanted)).toEqual([]);
});

it("refuses a folder where a certificate belongs, and leaves it as it is", async () => {
  mkdirSync(join(root, "data/etc/crl.pem"));
  await expect(apply()).rejects.toThrow("/data/etc/crl.pem (a folder where a link belongs)");
});

function readOrNothing(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}
