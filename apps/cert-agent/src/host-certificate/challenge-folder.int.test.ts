import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createChallengeFolder } from "./challenge-folder.ts";

let folder: string;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "challenge-")), "acme");
  mkdirSync(folder);
});
afterEach(() => rmSync(join(folder, ".."), { recursive: true, force: true }));

it("gives nginx an answer to read, and takes it away", async () => {
  const { challenges } = createChallengeFolder(folder);
  const challenge = { name: "a.test", token: "abc-DEF_123", keyAuthorization: "abc.thumb" };
  await challenges.place(challenge);
  const path = join(folder, challenge.token);
  expect(readFileSync(path, "utf8")).toBe("abc.thumb");
  expect(statSync(path).mode & 0o777).toBe(0o644);
  await challenges.remove(challenge);
  expect(readdirSync(folder)).toEqual([]);
});

it.each(["../escape", "a/b", "..", "", "a\0b", "a".repeat(201)])("takes no token that is none: %j", async (token) => {
  const { challenges } = createChallengeFolder(folder);
  const place = async () => challenges.place({ name: "a.test", token, keyAuthorization: "x" });
  await expect(place()).rejects.toThrow("not a token");
  expect(existsSync(join(folder, "../escape"))).toBe(false);
});

it("takes its test answer away when the work with it fails", async () => {
  const failing = createChallengeFolder(folder).withTestAnswer(({ token }) => {
    expect(readdirSync(folder)).toEqual([token]);
    return Promise.reject(new Error("no way"));
  });
  await expect(failing).rejects.toThrow("no way");
  expect(readdirSync(folder)).toEqual([]);
});

it("removes what runs that were killed left, and nothing else", async () => {
  for (const name of ["dead-token", ".appliance-new-abcdef", "read me.txt"]) writeFileSync(join(folder, name), "");
  await createChallengeFolder(folder).removeLeftovers();
  expect(readdirSync(folder)).toEqual(["read me.txt"]);
});

it("makes its folder again when somebody removed it, where nginx can read the answers", async () => {
  rmSync(folder, { recursive: true });
  const made = createChallengeFolder(folder);
  await made.removeLeftovers();
  expect(statSync(folder).mode & 0o777).toBe(0o755);
  await made.challenges.place({ name: "a.test", token: "token", keyAuthorization: "token.thumb" });
  expect(readdirSync(folder)).toEqual(["token"]);
});

it("says what is in its way", async () => {
  rmSync(folder, { recursive: true });
  writeFileSync(folder, "");
  await expect(createChallengeFolder(folder).removeLeftovers()).rejects.toMatchObject({ code: "FILE_NOT_WRITTEN" });
});
