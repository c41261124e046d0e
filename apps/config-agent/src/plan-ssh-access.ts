import { OperatorError } from "@appliance/errors";
import type { SshServerState } from "@appliance/host";
import type { Change, Step } from "@appliance/jobs";
import { step } from "./capability.ts";

/** The keys of one user of the host, each as a line of authorized_keys. */
export interface UserKeys {
  user: string;
  present: readonly string[];
  /** What the lists of env.yml add to and remove from them. */
  added: readonly string[];
  removed: readonly string[];
}

export interface SshObserved {
  users: readonly UserKeys[];
  /** Undefined where no sshd is installed. */
  server: SshServerState | undefined;
  /** Users who may log in with a key and become root. */
  administrators: readonly string[];
}

export interface SshStep extends Step {
  work: { keysOf: string } | { rootForbidden: boolean };
}

/**
 * Keys first, so that a new one is there before root's login goes. Pure.
 * @throws OperatorError `SSH_LOCKOUT` where somebody could log in and become root, and after these steps nobody could
 */
export function planSshAccess(disableRoot: boolean, observed: SshObserved): SshStep[] {
  refuseLockout(disableRoot, observed);
  const keys = observed.users.filter(({ added, removed }) => added.length + removed.length > 0).map(keyStep);
  const { server } = observed;
  if (!server || (server.forbiddenByUs === disableRoot && !server.reloadNeeded)) return keys;
  const summary = disableRoot ? "Let root no longer log in by ssh" : "Let root log in by ssh again";
  return [
    ...keys,
    step({ capability: "ssh-access", summary, restarts: ["ssh (reload)"], work: { rootForbidden: disableRoot } }),
  ];
}

function keyStep({ user, added, removed }: UserKeys): SshStep {
  const changes: Change[] = [
    ...added.map((line) => ({ what: nameOf(line), to: "may log in" })),
    ...removed.map((line) => ({ what: nameOf(line), from: "may log in" })),
  ];
  const summary = `Change the ssh keys of ${user}: ${added.length} added, ${removed.length} removed`;
  return step({ capability: "ssh-access", summary, changes, work: { keysOf: user } });
}

/** The type, the end of the key and its comment: enough to know it again. */
function nameOf(line: string): string {
  const [, type = "", key = "", comment = ""] = /(\S+)[ \t]+(AAAA[A-Za-z0-9+/=]+)[ \t]*(.*)$/.exec(line) ?? [];
  return `${type} …${key.slice(-8)} ${comment.slice(0, 60)}`.trim();
}

/** Nobody can tell from here who knows a password: where one is enough it is not taken away, and never relied on. */
function refuseLockout(disableRoot: boolean, { users, server, administrators }: SshObserved): void {
  const root = users.find(({ user }) => user === "root");
  if (!server || !root || administrators.length > 0) return;
  const may = server.rootMayLogIn ?? true;
  const before = may && (root.present.length > 0 || (disableRoot && server.rootByPassword));
  const mayAfter = !disableRoot && (may || server.forbiddenByUs);
  const after = mayAfter && root.present.length + root.added.length > root.removed.length;
  if (!before || after) return;
  const what = disableRoot ? "disable_root keeps root out" : "ssh_deprecated_keys removes the last key of root";
  throw new OperatorError("SSH_LOCKOUT", `${what}, and no other user can log in with a key and become root by sudo.`, {
    remedy:
      "Nothing was changed. Give another user a key and sudo first, or take it out of env.yml; then run `appliance apply`.",
  });
}
