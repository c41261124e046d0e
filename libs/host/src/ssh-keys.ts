import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { isSystemError } from "@appliance/errors";
import { ensureDirectory, withFolderInRoot } from "@appliance/files";
import { accountOf, type Account } from "./accounts.ts";
import { replaceInRoot } from "./files.ts";
import type { HostSshKeys } from "./host.ts";
import { readBytesInRoot, readInRoot } from "./read-in-root.ts";
import { refuseArgument } from "./refuse.ts";

/** The key itself: its type and its base64 body, with options before and a comment after it (sshd(8)). */
const KEY = /(?:^|\s)((?:ssh|ecdsa|sk)-[a-z0-9@.-]+[ \t]+AAAA[A-Za-z0-9+/]+=*)(?=\s|$)/;

/** The options with which cloud-init lets root's keys do nothing but say so; they come from the image, not from the operator. */
const FORBIDDEN_BY_CLOUD_INIT = /command="echo 'Please login as the user /;

/** What makes two lines the same key; undefined for a comment or anything that is no key. */
export function keyOf(line: string): string | undefined {
  if (line.trimStart().startsWith("#")) return undefined;
  return KEY.exec(line)?.[1]?.replace(/[ \t]+/, " ");
}

/**
 * The text of authorized_keys after `add` and `remove`; lines that are neither stay as they are. Removing wins. A wanted key that
 * cloud-init has disabled is put in place of that line.
 */
export function planAuthorizedKeys(text: string, add: readonly string[], remove: readonly string[]): string {
  const unwanted = new Set(remove.map(keyOf));
  const wanted = new Set(add.map(keyOf));
  const lines = text.split("\n").filter((line) => line !== "");
  const goes = (line: string) =>
    unwanted.has(keyOf(line)) || (wanted.has(keyOf(line)) && FORBIDDEN_BY_CLOUD_INIT.test(line));
  const kept = lines.filter((line) => keyOf(line) === undefined || !goes(line));
  const present = new Set(kept.map(keyOf));
  for (const line of add.map((key) => key.trim())) {
    if (unwanted.has(keyOf(line)) || present.has(keyOf(line))) continue;
    present.add(keyOf(line));
    kept.push(line);
  }
  return kept.map((line) => `${line}\n`).join("");
}

/** ~/.ssh/authorized_keys of users in the host's /etc/passwd. */
export function createHostSshKeys(root: string): HostSshKeys {
  return {
    async observe(user) {
      const text = (await readInRoot(root, keysFile(await accountOf(root, user)))) ?? "";
      return keysIn(text);
    },
    async compare(user, { add, remove }) {
      const before = (await readInRoot(root, keysFile(await accountOf(root, user)))) ?? "";
      const [old, now] = [keysIn(before), keysIn(planAuthorizedKeys(before, add, remove))];
      return { added: now.filter((line) => !old.includes(line)), removed: old.filter((line) => !now.includes(line)) };
    },
    async change(user, { add, remove }) {
      for (const key of [...add, ...remove]) assertKey(key);
      const account = await accountOf(root, user);
      // In latin1 each byte is a character: lines that stay keep theirs, whatever encoding their comments are in.
      const before = (await readBytesInRoot(root, keysFile(account)))?.toString("latin1") ?? "";
      const after = planAuthorizedKeys(before, add.map(bytesAsText), remove);
      if (after === before || (before === "" && after === "")) return false;
      await ensureSshFolder(root, account);
      return replaceInRoot(root, keysFile(account), Buffer.from(after, "latin1"), {
        mode: 0o600,
        uid: account.uid,
        gid: account.gid,
      });
    },
  };
}

const bytesAsText = (line: string) => Buffer.from(line).toString("latin1");

const keysIn = (text: string) => text.split("\n").filter((line) => keyOf(line) !== undefined);

const keysFile = ({ home }: Account) => join(home, ".ssh/authorized_keys");

function assertKey(key: string) {
  if (!/[\n\r\0]/.test(key.trim()) && keyOf(key.trim()) !== undefined) return;
  throw refuseArgument(
    "an entry of ssh_authorized_keys is not a public key",
    "Give one line each, as in id_ed25519.pub.",
  );
}

/** sshd ignores keys in a folder that others may write. */
async function ensureSshFolder(root: string, { home, uid, gid }: Account) {
  await withFolderInRoot(root, home, { symlinks: [] }, async (folder) => {
    const path = join(folder, ".ssh");
    try {
      await mkdir(path, 0o700);
    } catch (error) {
      if (!isSystemError(error, "EEXIST")) throw error;
      return;
    }
    await ensureDirectory(path, { mode: 0o700, uid, gid });
  });
}
