import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CommandError } from "@appliance/command";
import { OperatorError, toFailure } from "@appliance/errors";
import { ensureDirectory, withFolderInRoot } from "@appliance/files";
import { loginAccounts } from "./accounts.ts";
import { replaceInRoot } from "./files.ts";
import type { HostSshServer } from "./host.ts";
import type { HostPower } from "./power.ts";
import { readInRoot } from "./read-in-root.ts";

interface Deps {
  power: HostPower;
  root: string;
  /** Whether units can be told anything. */
  hasUnits: boolean;
}

const SSHD = "/usr/sbin/sshd";
/** sshd_config(5): the first value counts, and Debian includes this folder before anything else. */
const SETTINGS = "/etc/ssh/sshd_config.d/00-appliance.conf";
const FORBIDDEN = "# Written by the appliance, since env.yml has disable_root.\nPermitRootLogin no\n";
/** Exists from before the settings change until sshd read them; a boot starts sshd anew and takes it away. */
const RELOAD_NEEDED = "/run/appliance/ssh-reload";
const ROOT_ONLY = { mode: 0o600, uid: 0, gid: 0 };
const COMMAND_MS = 60_000;

/** Whether root may log in by the host's sshd. */
export function createHostSshServer(deps: Deps): HostSshServer {
  const { root } = deps;
  return {
    administrators: async () => (await loginAccounts(root)).map(({ name }) => name),
    async observe() {
      if (!(await isInstalled(deps))) return undefined;
      return {
        ...(await loginOfRoot(deps).catch(unknownWhereRefused)),
        forbiddenByUs: (await readInRoot(root, SETTINGS)) !== undefined,
        reloadNeeded: (await readInRoot(root, RELOAD_NEEDED)) !== undefined,
      };
    },
    async forbidRoot(forbidden) {
      if (!(await isInstalled(deps))) return false;
      const before = await readInRoot(root, SETTINGS);
      const wanted = forbidden ? FORBIDDEN : undefined;
      const pending = (await readInRoot(root, RELOAD_NEEDED)) !== undefined;
      if (before === wanted && !pending) return false;
      await put(root, RELOAD_NEEDED, "");
      await put(root, SETTINGS, wanted);
      try {
        await assertEffect(deps, forbidden);
      } catch (cause) {
        await put(root, SETTINGS, before);
        if (!pending) await put(root, RELOAD_NEEDED, undefined);
        throw refused(cause);
      }
      await reload(deps);
      await put(root, RELOAD_NEEDED, undefined);
      return true;
    },
  };
}

async function isInstalled({ power }: Deps): Promise<boolean> {
  return (await power.observe("test", ["-x", SSHD], { okExitCodes: [0, 1] })).exitCode === 0;
}

async function loginOfRoot(deps: Deps): Promise<{ rootMayLogIn: boolean; rootByPassword: boolean }> {
  const { stdout } = await askSshd(deps, ["-T", "-C", "user=root,host=localhost,addr=127.0.0.1"]);
  const asks = /^(?:passwordauthentication|kbdinteractiveauthentication) yes$/m.test(stdout);
  return {
    rootMayLogIn: !/^permitrootlogin (?:no|forced-commands-only)$/m.test(stdout),
    rootByPassword: asks && /^permitrootlogin yes$/m.test(stdout),
  };
}

/** Settings that the operator is just editing are no reason to keep the appliance from starting. */
function unknownWhereRefused(error: unknown) {
  if (!(error instanceof CommandError) || error.exitCode === null) throw error;
  return { rootMayLogIn: undefined, rootByPassword: false };
}

/** sshd wants its empty folder even to look at its settings, which only a running one has. */
async function askSshd({ power, root }: Deps, args: string[]) {
  await withFolderInRoot(root, "/run", { symlinks: [] }, (run) =>
    ensureDirectory(join(run, "sshd"), { mode: 0o755, uid: 0, gid: 0 }),
  );
  return power.observe(SSHD, args);
}

async function assertEffect(deps: Deps, forbidden: boolean): Promise<void> {
  await askSshd(deps, ["-t"]);
  if (!forbidden || !(await loginOfRoot(deps)).rootMayLogIn) return;
  throw new OperatorError("SSHD_REFUSED", `${SETTINGS} has no effect: sshd reads another PermitRootLogin before it`, {
    remedy: "Let /etc/ssh/sshd_config include /etc/ssh/sshd_config.d/*.conf in its first line.",
  });
}

async function put(root: string, path: string, text: string | undefined): Promise<void> {
  if (text !== undefined) return void (await replaceInRoot(root, path, text, ROOT_ONLY));
  if ((await readInRoot(root, path)) === undefined) return;
  await withFolderInRoot(root, dirname(path), { symlinks: [] }, (folder) => rm(join(folder, basename(path))));
}

/** Sessions stay. Where systemd listens itself, each connection gets an sshd that reads the settings. */
async function reload({ power, root, hasUnits }: Deps): Promise<void> {
  if (hasUnits) {
    await power.run("sshServer", "systemctl", ["try-reload-or-restart", "ssh.service"], { timeoutMs: COMMAND_MS });
    return;
  }
  const pid = (await readInRoot(root, "/run/sshd.pid"))?.trim() ?? "";
  if (/^[1-9]\d*$/.test(pid)) await power.run("sshServer", "kill", ["-HUP", pid], { timeoutMs: COMMAND_MS });
}

const refused = (cause: unknown) =>
  new OperatorError("SSHD_REFUSED", `disable_root cannot be carried out: ${toFailure(cause).message}`, {
    remedy: "The settings of sshd are as before. Correct /etc/ssh, then run `appliance apply`.",
    cause,
  });
