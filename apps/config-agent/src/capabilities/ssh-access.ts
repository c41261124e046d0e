import { OperatorError } from "@appliance/errors";
import { keyOf, type Host } from "@appliance/host";
import { step, type Capability, type PlannedStep, type Wanted } from "../capability.ts";
import { planSshAccess, type SshObserved, type SshStep, type UserKeys } from "../plan-ssh-access.ts";

/** Root for maintenance; app, who has no shell, for forwarded ports. Bootstrap makes app, with /app as home. */
const USERS = ["root", "app"];

/** `ssh_authorized_keys`, `ssh_deprecated_keys` and `disable_root`: who may log in to the host. */
export function sshAccessCapability(host: Host): Capability<SshStep & PlannedStep> {
  return {
    name: "ssh-access",
    title: "Setting who may log in",
    async plan(wanted) {
      const unavailable = host.whyUnavailable("sshKeys");
      if (unavailable !== undefined) return unavailableStep(wanted, unavailable);
      return planSshAccess(wanted.env.disable_root, await observe(host, wanted));
    },
    async apply({ work }, wanted) {
      if ("keysOf" in work) await host.sshKeys.change(work.keysOf, keysOf(wanted));
      else await host.sshServer.forbidRoot(work.rootForbidden);
    },
  };
}

/** Among the old keys any text is taken, as a note of whose it was. */
function keysOf({ env }: Wanted): { add: string[]; remove: string[] } {
  return { add: env.ssh_authorized_keys, remove: env.ssh_deprecated_keys.filter((line) => keyOf(line) !== undefined) };
}

async function observe(host: Host, wanted: Wanted): Promise<SshObserved> {
  const users = await Promise.all(USERS.map((user) => keysOfUser(host, user, wanted)));
  const administrators: string[] = [];
  for (const name of await host.sshServer.administrators())
    if ((await host.sshKeys.observe(name)).length > 0) administrators.push(name);
  return { users: users.flat(), server: await host.sshServer.observe(), administrators };
}

/** A host that was not bootstrapped, such as one of a test, may have no user app. */
async function keysOfUser({ sshKeys }: Host, user: string, wanted: Wanted): Promise<UserKeys[]> {
  try {
    return [{ user, present: await sshKeys.observe(user), ...(await sshKeys.compare(user, keysOf(wanted))) }];
  } catch (error) {
    if (user !== "root" && error instanceof OperatorError && error.code === "HOST_OWNER_UNKNOWN") return [];
    throw error;
  }
}

function unavailableStep(wanted: Wanted, unavailable: string): (SshStep & PlannedStep)[] {
  const { add, remove } = keysOf(wanted);
  if (add.length + remove.length === 0 && !wanted.env.disable_root) return [];
  return [
    step({ capability: "ssh-access", summary: "Set who may log in by ssh", work: { keysOf: "root" }, unavailable }),
  ];
}
