import { describe, expect, it } from "vitest";
import { codeOf } from "./failures.ts";

const ID = "e05490ebb1823d730406f52c702c8bdffe028db34dbf6ab0ce540349a91339ae";
const of = (text: string, exitCode = 1) =>
  codeOf({ exitCode }, text, { archive: "/volatile/archive", temporary: "/volatile/temporary" });

describe("what restic's words mean", () => {
  it.each([
    ["a pack that is gone", `pack ${ID}: does not exist`, "BACKUP_VOLUME_MISSING"],
    [
      "one that a restore misses",
      `Load(<data/e05490ebb1>, 15, 0) failed: open /r: no such file or directory`,
      "BACKUP_VOLUME_MISSING",
    ],
    [
      "one that a server misses",
      `ReadFull(<data/e05490ebb1>): unexpected HTTP response (404): 404 Not Found`,
      "BACKUP_VOLUME_MISSING",
    ],
    ["a pack cut off", `pack ${ID}: unexpected file size: got 9, expected 19`, "BACKUP_VOLUME_CORRUPT"],
    ["one read as cut off", `Load(<data/e05490ebb1>, 15, 0) failed: file is too short`, "BACKUP_VOLUME_CORRUPT"],
    ["a flipped byte in a pack", `pack ${ID} contains 1 errors: [unexpected pack id ${ID}]`, "BACKUP_VOLUME_CORRUPT"],
    [
      "one that a restore meets",
      `decrypting blob <data/9336dc51> from e05490eb failed: ciphertext verification failed`,
      "BACKUP_VOLUME_CORRUPT",
    ],
    [
      "a damaged index",
      `error: error loading index ${ID}: LoadRaw(<index/449f8718e1>): invalid data returned`,
      "BACKUP_MANIFEST_DAMAGED",
    ],
    ["a missing index", `error for tree 00eee32f:\n  id ${ID} not found in repository`, "BACKUP_MANIFEST_DAMAGED"],
    [
      "a damaged snapshot",
      `failed to load snapshot 14af255d: LoadRaw(<snapshot/14af255d5a>): invalid data returned`,
      "BACKUP_MANIFEST_DAMAGED",
    ],
    [
      "a damaged config",
      `Fatal: config or key ${ID} is damaged: ciphertext verification failed`,
      "BACKUP_MANIFEST_DAMAGED",
    ],
    ["an empty config", "config file has zero size, invalid repository?\nmain.open", "BACKUP_MANIFEST_DAMAGED"],
  ])("takes %s for damage", (_, text, code) => {
    expect(of(text)).toBe(code);
  });

  it.each([
    [
      "a server that ends the connection",
      `Fatal: unable to open config file: Head "http://127.0.0.1:7001/config": EOF`,
    ],
    ["one that breaks", "Fatal: unable to open config file: unexpected HTTP response (500): 500 Internal Server Error"],
    [
      "a certificate of nobody",
      `Fatal: unable to open config file: Head "https://x/config": x509: certificate signed by unknown authority`,
    ],
    [
      "an index that a broken server does not hand out",
      "LoadRaw(<index/449f8718e1>): unexpected HTTP response (502): 502 Bad Gateway",
    ],
    [
      "a pack that it does not take",
      "Save(<data/e05490ebb1>) failed: unexpected HTTP response (500): 500 Internal Server Error",
    ],
    [
      "a program that is not there",
      `Fatal: unable to open repository at sftp:x:y: exec: "ssh": executable file not found in $PATH`,
    ],
    ["a file of the source", "error: lstat /data/x: no such file or directory"],
    ["an exit code that nobody knows", "snapshot config index pack"],
  ])("takes %s for no damage", (_, text) => {
    expect(of(text, 99)).toBe("BACKUP_FAILED");
  });

  it.each([
    ["Fatal: unable to open config file: dial tcp 10.0.0.1:8000: i/o timeout", "BACKUP_TARGET_UNREACHABLE"],
    ["Load(<index/449f8718e1>) failed: read tcp 10.0.0.1:8000: connection reset by peer", "BACKUP_TARGET_UNREACHABLE"],
    ["Fatal: unable to open config file: unexpected HTTP response (401): 401 Unauthorized", "BACKUP_LOGIN_REFUSED"],
    ["unable to save snapshot: unexpected HTTP response (507): 507 Insufficient Storage", "BACKUP_TARGET_FULL"],
    ["Save(<snapshot/14af>) failed: unexpected HTTP response (403): 403 Forbidden", "BACKUP_TARGET_READ_ONLY"],
    ["write /volatile/archive/cache/index/44: no space left on device", "BACKUP_SCRATCH_FULL"],
  ])("hears the reason in: %s", (text, code) => {
    expect(of(text)).toBe(code);
  });
});
