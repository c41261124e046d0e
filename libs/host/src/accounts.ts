import { readdir } from "node:fs/promises";
import { OperatorError, suggest } from "@appliance/errors";
import { resolveInRoot } from "@appliance/files";
import type { Identity } from "./identities.ts";
import { isMissing, readInRoot } from "./read-in-root.ts";

export interface Account extends Identity {
  name: string;
  home: string;
}

const NUMBER = /^\d{1,9}$/;

/**
 * The user and group that `owner` (`user:group`, `user`, or numbers) names in the host's own /etc/passwd and /etc/group.
 * Directory services are not asked.
 * @throws OperatorError `HOST_OWNER_UNKNOWN`.
 */
export async function resolveOwner(root: string, owner: string): Promise<Identity> {
  const [user = "", group, ...more] = owner.split(":");
  if (user === "" || group === "" || more.length > 0) throw unknown("owner", owner, []);
  if (group === undefined) return identityOf(await accountOf(root, user));
  const uid = NUMBER.test(user) ? Number(user) : (await accountOf(root, user)).uid;
  return { uid, gid: NUMBER.test(group) ? Number(group) : await groupOf(root, group) };
}

const identityOf = ({ uid, gid }: Account): Identity => ({ uid, gid });

/** @throws OperatorError `HOST_OWNER_UNKNOWN`. */
export async function accountOf(root: string, user: string): Promise<Account> {
  const accounts = (await fieldsOf(root, "/etc/passwd")).map(([name = "", , uid, gid, , home = ""]): Account => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    home,
  }));
  const found = accounts.find(({ name, uid }) => name === user || String(uid) === user);
  if (found) return found;
  if (NUMBER.test(user)) return { name: user, uid: Number(user), gid: Number(user), home: "/" };
  // The one user that is there before any file is.
  if (user === "root") return { name: "root", uid: 0, gid: 0, home: "/root" };
  throw unknown(
    "user",
    user,
    accounts.map(({ name }) => name),
  );
}

const ADMIN_GROUPS = ["sudo", "admin", "wheel"];
const NO_LOGIN = /\/(?:nologin|false)$/;

/** Users beside root who have a login shell and may become root: members of the groups of sudo, or named in its settings. */
export async function loginAccounts(root: string): Promise<Pick<Account, "name" | "uid" | "gid">[]> {
  const groups = (await fieldsOf(root, "/etc/group")).filter(([name = ""]) => ADMIN_GROUPS.includes(name));
  const members = new Set(groups.flatMap(([, , , names = ""]) => names.split(",")));
  const gids = new Set(groups.map(([, , gid]) => Number(gid)));
  const named = await sudoers(root);
  return (await fieldsOf(root, "/etc/passwd"))
    .map(([name = "", , uid, gid, , , shell = ""]) => ({ name, uid: Number(uid), gid: Number(gid), shell }))
    .filter(({ uid, shell }) => uid !== 0 && !NO_LOGIN.test(shell))
    .filter(({ name, gid }) => members.has(name) || gids.has(gid) || named.has(name));
}

/** sudoers(5): a line that begins with a user's name. */
async function sudoers(root: string): Promise<Set<string>> {
  const folder = "/etc/sudoers.d";
  const names = await namesIn(root, folder);
  const texts = await Promise.all(
    ["/etc/sudoers", ...names.map((name) => `${folder}/${name}`)].map((path) => readInRoot(root, path)),
  );
  return new Set(
    texts.flatMap((text) => [...(text ?? "").matchAll(/^([a-z_][a-z0-9_-]*)\s.*=/gm)].map(([, name]) => name!)),
  );
}

async function namesIn(root: string, folder: string): Promise<string[]> {
  try {
    return await readdir(await resolveInRoot(root, folder));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function groupOf(root: string, group: string): Promise<number> {
  const groups = await fieldsOf(root, "/etc/group");
  const found = groups.find(([name]) => name === group);
  if (found) return Number(found[2]);
  if (group === "root") return 0;
  throw unknown(
    "group",
    group,
    groups.map(([name = ""]) => name),
  );
}

async function fieldsOf(root: string, path: string): Promise<string[][]> {
  const text = (await readInRoot(root, path)) ?? "";
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split(":"));
}

function unknown(what: string, name: string, candidates: string[]) {
  const near = suggest(name, candidates);
  const hint = near === undefined ? "" : `, did you mean '${near}'?`;
  return new OperatorError("HOST_OWNER_UNKNOWN", `this host has no ${what} '${name}'${hint}`, {
    remedy: "Name one that exists on the host, or its number.",
  });
}
