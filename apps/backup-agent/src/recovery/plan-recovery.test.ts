import { tmpdir } from "node:os";
import type { Manifest } from "@appliance/backup-content";
import { describe, expect, it } from "vitest";
import { combine, failure } from "./failures.ts";
import type { JournalRecord } from "./journal.ts";
import { problemsOfSpace, problemsOfVersion } from "./look-at-host.ts";
import { phasesAfter } from "./phases.ts";
import { isGoneOnWith, isSameChoice, needOf } from "./plan-recovery.ts";

const sum = "0".repeat(64);
const manifest: Manifest = {
  appliance: "1.0.0",
  at: "2026-11-20T00:30:00.000Z",
  env: sum,
  database: { name: "ecs", server: "17.2 (Debian 17.2-1)", collate: "C", ctype: "C", bytes: 5e9, tables: [] },
  dump: { bytes: 1e9, sha256: sum, plainBytes: 3e9 },
  index: { bytes: 0, sha256: sum },
  folders: [{ path: "ecs-storage-vault", files: 10, links: 2, bytes: 90e9, summed: 10 }],
};
const record: JournalRecord = {
  version: 1,
  id: "0123456789ab",
  startedAt: "2026-11-23T08:00:00.000Z",
  wanted: { target: null, at: "2026-11-21T12:00:00.000Z", replace: false },
  target: "main",
  point: { id: "a", at: "2026-11-21T00:30:00.000Z", kind: "snapshot" },
  hasManifest: true,
  total: null,
  phase: "filesChecked",
  restored: null,
  databaseOid: null,
  loaded: null,
  begunFolders: [],
  clearedFolders: [],
};

describe("the choice of a second run", () => {
  it("is the same when it asks for nothing in particular, for the same, or for the very point", () => {
    expect(isSameChoice({ target: null, at: null, replace: false }, record)).toBe(true);
    expect(isSameChoice({ target: "main", at: "2026-11-21T12:00:00Z", replace: false }, record)).toBe(true);
    expect(isSameChoice({ target: null, at: "2026-11-21T01:30:00+01:00", replace: false }, record)).toBe(true);
  });

  it("is not gone on with before anything is restored, so that a newer backup is taken then", () => {
    const any = { target: null, at: null, replace: false };
    expect(isGoneOnWith(any, record)).toBe(true);
    expect(isGoneOnWith(any, { ...record, phase: "chosen" })).toBe(false);
  });

  it("is another where a copy is to be replaced and was not, or not any more, but for one that is being moved in", () => {
    const replacing = { target: null, at: null, replace: true };
    expect(isSameChoice(replacing, record)).toBe(false);
    expect(isSameChoice(replacing, { ...record, begunFolders: ["etc"] })).toBe(true);
  });

  it("is another with another target or time", () => {
    expect(isSameChoice({ target: "second", at: null, replace: false }, record)).toBe(false);
    expect(isSameChoice({ target: "main", at: "2026-11-20T12:00:00Z", replace: false }, record)).toBe(false);
  });
});

describe("the phases", () => {
  it("go on behind the last that is done", () => {
    expect(phasesAfter("databaseChecked")).toEqual(["foldersSwapped", "databaseSwapped"]);
    expect(phasesAfter("databaseSwapped")).toEqual([]);
    expect(phasesAfter("chosen")).toHaveLength(6);
  });
});

describe("what stands in the way", () => {
  it("is too little space, with the numbers", async () => {
    expect(needOf(manifest)).toMatchObject({ files: 12, parts: { files: 91e9, dump: 3e9 } });
    const huge = { ...manifest, folders: [{ ...manifest.folders[0]!, bytes: 9e15 }] };
    const [problem] = await problemsOfSpace(tmpdir(), huge, 0);
    expect(problem).toMatchObject({ code: "RECOVERY_SPACE_SHORT" });
    expect(problem?.message).toMatch(/GB free, and 9000010\.1 GB are needed \(9000001\.0 GB of files, 3\.0 GB of dump/);
    expect(await problemsOfSpace(tmpdir(), { ...huge, dump: { ...huge.dump, plainBytes: 0 } }, 1e16)).toEqual([]);
  });

  it("is a server older than the dump, never a newer one", () => {
    const facts = { role: "fit", localeIsThere: true } as const;
    expect(problemsOfVersion(manifest, { ...facts, major: 15 })).toMatchObject([{ code: "RECOVERY_SERVER_OLDER" }]);
    expect(problemsOfVersion(manifest, { ...facts, major: 18 })).toEqual([]);
  });

  it("is one error, which keeps its code when it is the only one", () => {
    const one = failure("RECOVERY_PLACE_IN_USE", "/data/a holds files");
    expect(combine([one])).toBe(one);
    const both = combine([one, failure("RECOVERY_LOCALE_MISSING", "xx")]);
    expect(both.code).toBe("RECOVERY_NOT_POSSIBLE");
    expect(both.message).toMatch(/^2 things .*\(RECOVERY_PLACE_IN_USE\) 2\. .*\(RECOVERY_LOCALE_MISSING\)$/);
    expect(both.remedy).toMatch(/1\. Recover onto .* 2\. Correct appliance:database:locale/);
  });
});
