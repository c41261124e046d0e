import { envFingerprint } from "@appliance/backup-content/env-fingerprint";
import { parseEnv } from "@appliance/env";
import { exampleEnv } from "@appliance/env/testing";
import { expect, it } from "vitest";
import type { Wanted } from "./capability.ts";
import { planBackupAgentSlice } from "./plan-backup-slice.ts";

function told(text: string) {
  const parsed = parseEnv(Buffer.from(text), { file: "env.yml" });
  if (!parsed.env) throw new Error(JSON.stringify(parsed.problems));
  const wanted = { env: parsed.env, text: Buffer.from(text), source: "env.yml", timeZone: "Europe/Vienna" };
  return { slice: planBackupAgentSlice(wanted as Partial<Wanted> as Wanted), parsed };
}
const withBackup = (backup: object) =>
  `#cloud-config\n${JSON.stringify({ appliance: { domain: "ecs.example", backup } })}\n`;

it("tells of an old file its one target, the key for it, and the times of the manual", () => {
  const { slice, parsed } = told(exampleEnv());
  const key = parsed.env?.appliance.backup.encrypt ?? "";
  expect(slice).toMatchObject({
    timezone: "Europe/Vienna",
    domain: "ecs.example",
    databaseLocale: "de_DE.UTF-8",
    standby: false,
    encryptKey: key,
    resticPassword: null,
    sealSecrets: [key],
    envFingerprint: envFingerprint([key], parsed.data),
    schedule: { backup: "*-*-* 00:30:00", verify: "*-*-* 20:30:00", drill: "Sun *-*-* 10:30:00" },
    vaultKeys: { encrypt: parsed.env?.ecs.vault_encrypt, sign: parsed.env?.ecs.vault_sign },
  });
  expect(slice?.targets).toEqual([
    {
      name: "main",
      engine: "duplicity",
      url: "file:///volatile/ecs-backup-test/",
      password: null,
      knownHosts: null,
      sshKey: null,
      environment: {},
      appendOnly: false,
      options: "",
      retention: { daily: 14, weekly: 8, monthly: 12 },
      mount: null,
    },
  ]);
});

it("tells of each further target what is its own, and names its mount and never what is in it", () => {
  const mount = { type: "cifs", source: "//host/share", target: "/mnt/second", options: "pass=hunter22" };
  const second = {
    name: "second",
    url: "file:///mnt/second/x",
    mount,
    environment: { AWS_X: "key" },
    append_only: true,
  };
  const { slice } = told(withBackup({ engine: "restic", password: "a password of backups", targets: [second] }));
  expect(slice?.targets.map(({ name }) => name)).toEqual(["main", "second"]);
  expect(slice?.targets[1]).toMatchObject({
    engine: "restic",
    mount: "appliance:backup:targets:second:mount",
    environment: { AWS_X: "key" },
    appendOnly: true,
  });
  expect(slice).toMatchObject({ sealSecrets: ["a password of backups"], encryptKey: null, vaultKeys: null });
  expect(JSON.stringify(slice)).not.toContain("hunter22");
});

it("has another fingerprint after a change of a value, and the same after one of a comment", () => {
  const text = withBackup({ engine: "restic", password: "a password of backups" });
  const fingerprint = (changed: string) => told(changed).slice?.envFingerprint;
  expect(fingerprint(`${text}# a comment\n`)).toBe(fingerprint(text));
  expect(fingerprint(text.replace("ecs.example", "other.example"))).not.toBe(fingerprint(text));
});

it("is no slice where nothing could be encrypted", () => {
  expect(told(withBackup({ url: "ftp://host/x" })).slice).toBeNull();
});
