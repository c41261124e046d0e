import { expect, it } from "vitest";
import { urlCredentials, withoutLogin } from "./url-credentials.ts";

it.each([
  ["sftp://user:pass@host:22/path", "sftp://host:22/path", ["pass"]],
  ["sftp://user:p%40ss@host/path", "sftp://host/path", ["p%40ss", "p@ss"]],
  ["sftp://user:a/b@host/path", "sftp://host/path", ["a/b"]],
  ["rest:https://token@host/path", "rest:https://host/path", ["token"]],
  ["sftp://user@host/path", "sftp://host/path", []],
  ["sftp://host/path", "sftp://host/path", []],
  ["file:///mnt/a@b", "file:///mnt/a@b", []],
])("of %s shows %s and keeps %j secret", (url, shown, secrets) => {
  expect(withoutLogin(url)).toBe(shown);
  expect(urlCredentials(url)).toEqual(secrets);
});

it("takes a port and a path with @ for no login", () => {
  expect(withoutLogin("sftp://host:22/mail@example")).toBe("sftp://host:22/mail@example");
});
