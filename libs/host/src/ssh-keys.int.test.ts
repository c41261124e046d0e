/** Keys of users of a root folder: the verbs of a whole host, without any program. */
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createSystemdHost, type Host } from "./index.ts";

const { uid: myUid, gid: myGid } = statSync("/proc/self");
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5 me@example.org";

let root: string;
let withKeys: Host;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "ssh-keys-"));
  for (const folder of ["etc", "home/ada"]) mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, "etc/passwd"), `me:x:${myUid}:${myGid}::/home/ada:\n`);
  withKeys = createSystemdHost({ run: runCommand, root });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const textOf = (path: string) => readFileSync(join(root, path), "utf8");

describe("ssh keys", () => {
  it("adds a key once, in a file that only the user reads", async () => {
    expect(await withKeys.sshKeys.change("me", { add: [key], remove: [] })).toBe(true);
    expect(await withKeys.sshKeys.change("me", { add: [key], remove: [] })).toBe(false);
    expect(await withKeys.sshKeys.observe("me")).toEqual([key]);
    const modes = [".ssh", ".ssh/authorized_keys"].map((name) => statSync(join(root, "home/ada", name)).mode & 0o777);
    expect(modes).toEqual([0o700, 0o600]);
  });

  it("removes a deprecated key and leaves the operator's own", async () => {
    mkdirSync(join(root, "home/ada/.ssh"));
    writeFileSync(join(root, "home/ada/.ssh/authorized_keys"), `# mine\nssh-rsa AAAAB3own own\n${key}\n`);
    await withKeys.sshKeys.change("me", { add: [], remove: [key] });
    expect(textOf("home/ada/.ssh/authorized_keys")).toBe("# mine\nssh-rsa AAAAB3own own\n");
  });

  it("leaves the operator's own lines byte for byte, whatever encoding their comments are in", async () => {
    mkdirSync(join(root, "home/ada/.ssh"));
    const own = Buffer.from("ssh-rsa AAAAB3own f\xfcr mich\n", "latin1");
    writeFileSync(join(root, "home/ada/.ssh/authorized_keys"), own);
    await withKeys.sshKeys.change("me", { add: [`${key} für alle`], remove: [] });
    const after = readFileSync(join(root, "home/ada/.ssh/authorized_keys"));
    expect(after).toEqual(Buffer.concat([own, Buffer.from(`${key} für alle\n`)]));
  });

  it("makes no file to remove a key from", async () => {
    expect(await withKeys.sshKeys.change("me", { add: [], remove: [key] })).toBe(false);
    expect(readdirSync(join(root, "home/ada"))).toEqual([]);
  });

  it("writes nowhere else when the user made .ssh a symlink", async () => {
    symlinkSync("/etc", join(root, "home/ada/.ssh"));
    await expect(withKeys.sshKeys.change("me", { add: [key], remove: [] })).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
    expect(existsSync(join(root, "etc/authorized_keys"))).toBe(false);
  });

  it.each(["not a key", `${key}\nssh-rsa AAAAB3evil x`, "# ssh-rsa AAAAB3x"])(
    "refuses %j without quoting it",
    async (bad) => {
      await expect(withKeys.sshKeys.change("me", { add: [bad], remove: [] })).rejects.toMatchObject({
        code: "HOST_ARGUMENT_REFUSED",
        message: "an entry of ssh_authorized_keys is not a public key",
      });
    },
  );

  it("is not held up by a pipe in place of the keys", async () => {
    mkdirSync(join(root, "home/ada/.ssh"));
    spawnSync("mkfifo", [join(root, "home/ada/.ssh/authorized_keys")]);
    expect(await withKeys.sshKeys.observe("me")).toEqual([]);
    await expect(withKeys.sshKeys.change("me", { add: [key], remove: [] })).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
  });

  it("names a user that does not exist", async () => {
    await expect(withKeys.sshKeys.observe("adda")).rejects.toMatchObject({ code: "HOST_OWNER_UNKNOWN" });
  });
});
