import { describe, expect, it } from "vitest";
import { parseDuplicityOptions } from "./options.ts";

describe("parseDuplicityOptions", () => {
  it("takes values behind a blank or '=', in quotes too, and gives gpg and ssh theirs apart", () => {
    const text = `--volsize 200 --num-retries=5 --gpg-options "--compress-algo=zlib" --ssh-options='-oConnectTimeout=5'`;
    expect(parseDuplicityOptions(text)).toEqual({
      args: ["--volsize=200", "--num-retries=5"],
      gpg: ["--compress-algo=zlib"],
      ssh: ["-oConnectTimeout=5"],
    });
    expect(parseDuplicityOptions("  ")).toEqual({ args: [], gpg: [], ssh: [] });
  });

  it.each([
    "--ssh-options=-oProxyCommand=id",
    "--ssh-options=-oStrictHostKeyChecking=no",
    "--gpg-options=--agent-program=/tmp/x",
    "--gpg-options '--compress-algo=none --homedir=/tmp'",
    "--gpg-binary /tmp/x",
    "--scp-command id",
    "--rsync-options=-eid",
    "--rename a b",
    "--include /etc",
    "--encrypt-key ABCD",
    "--no-encryption",
    "--archive-dir /tmp",
    "--ignore-errors",
    "--log-fd 1",
    "--volsize",
    "--volsize ten",
    "--volsize $(id)",
    "--numeric-owner=1",
    "full",
    "/etc file:///tmp",
    "--imap-mailbox 'it",
    "--constructor",
  ])("refuses %s", (text) => {
    expect(() => parseDuplicityOptions(text)).toThrow(expect.objectContaining({ code: "BACKUP_OPTION_REFUSED" }));
  });

  it("says what was meant by a slip", () => {
    expect(() => parseDuplicityOptions("--volsise 25")).toThrow("did you mean --volsize?");
  });
});
