import { OperatorError, suggest } from "@appliance/errors";
import type { Identity } from "./identities.ts";
import { readInRoot } from "./read-in-root.ts";

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
