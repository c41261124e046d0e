import { expect, it } from "vitest";
import { BackupAgentSlice, secretsIn } from "./slice.ts";

it("counts the password of a target's address as a secret as it is written and as a program sees it", () => {
  const slice = BackupAgentSlice.parse({
    timezone: "UTC",
    domain: "host.example.org",
    databaseLocale: "de_AT.UTF-8",
    targets: [{ name: "main", engine: "restic", url: "sftp://user:s3cret%2Fwith@storage.example.org/ecs" }],
    sealSecrets: ["seal"],
    envFingerprint: "0".repeat(64),
    schedule: { backup: "daily", verify: "daily", drill: "weekly" },
  });
  expect(secretsIn(slice)).toEqual(expect.arrayContaining(["s3cret%2Fwith", "s3cret/with", "seal"]));
});
