import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { OperatorError } from "@appliance/errors";
import { ensureDirectory, resolveInRoot, withFolderInRoot } from "@appliance/files";
import type { HostMounts, Mount, WantedMount } from "./host.ts";
import type { HostPower } from "./power.ts";
import { withPrivateFile } from "./private-file.ts";
import { isMissing } from "./read-in-root.ts";
import { refuseArgument } from "./refuse.ts";

const MOUNT_MS = 120_000;
const TYPE = /^[a-z0-9][a-z0-9._-]{0,31}$/;

/** What a mount there would hide from the host. Below some of them there is room. */
const NO_TARGET =
  /^\/$|^\/(proc|sys|dev|run|etc|usr|bin|sbin|lib|lib64|boot|root|var|app|tmp|home|opt|srv)$|^\/(proc|sys|dev|run|etc|usr|boot)\//;

/** File systems of the host, seen through the mount table of its process 1 at `table`. */
export function createHostMounts(power: HostPower, root: string, table = "/proc/1/mountinfo"): HostMounts {
  const list = async () => parseMountinfo(await readFile(table, "utf8"));
  return {
    list,
    async mount(wanted) {
      assertMount(wanted);
      const there = (await list()).findLast(({ target }) => target === wanted.target);
      if (there && isWanted(there, wanted)) return false;
      if (there) throw occupied(there);
      await makeTarget(root, wanted.target);
      await withOptions(root, wanted, async (options) => {
        const option = options === "" ? [] : ["-o", options];
        await power.run("mounts", "mount", ["-t", wanted.type, ...option, "--", wanted.source, wanted.target], {
          timeoutMs: MOUNT_MS,
          secrets: secretsOf(wanted),
          keepChildren: true,
        });
      });
      return true;
    },
    async unmount(target) {
      assertTarget(target);
      if (!(await list()).some((mount) => mount.target === target)) return false;
      await power.run("mounts", "umount", ["--", target], { timeoutMs: MOUNT_MS });
      return true;
    },
  };
}

/** proc_pid_mountinfo(5): optional fields end with a dash, blanks in names are octal. */
export function parseMountinfo(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , , target = "", options = ""] = before.split(" ");
    const [type = "", source = ""] = after.split(" ");
    return target === ""
      ? []
      : [{ source: unescape(source), target: unescape(target), type, options: options.split(",") }];
  });
}

const unescape = (name: string) =>
  name.replace(/\\([0-7]{3})/g, (_all, octal: string) => String.fromCharCode(parseInt(octal, 8)));

function assertMount({ type, source, target, options = "" }: WantedMount) {
  if (!TYPE.test(type))
    throw refuseArgument(`'${type}' is no type of a file system`, "Name one, such as cifs, nfs or ext4.");
  if (source === "" || /[\0\n]/.test(source))
    throw refuseArgument("the source of a mount is not usable", "Correct it.");
  if (/[\0\n]/.test(options)) throw refuseArgument("the options of a mount hold a line end", "Write them on one line.");
  assertTarget(target);
}

function assertTarget(target: string) {
  const clean =
    target.startsWith("/") &&
    !/[\0\n]/.test(target) &&
    !target
      .split("/")
      .slice(1)
      .some((part) => ["", ".", ".."].includes(part));
  if (!clean || NO_TARGET.test(target))
    throw refuseArgument(
      `'${target}' cannot be the target of a mount`,
      "Name a folder of its own, such as /mnt/backup.",
    );
}

/** A folder reached by a symlink would be mounted under another name than it is looked for. */
async function makeTarget(root: string, target: string) {
  try {
    await resolveInRoot(root, target, { symlinks: [] });
  } catch (error) {
    if (!isMissing(error)) throw error;
    const parent = dirname(target);
    if (parent !== "/") await makeTarget(root, parent);
    await withFolderInRoot(root, parent, { symlinks: [] }, (folder) =>
      ensureDirectory(join(folder, basename(target)), { mode: 0o755 }),
    );
  }
}

/** The kernel may write a source in another way (UUID=… as a device), so the type decides together with what is comparable. */
function isWanted(there: Mount, { type, source }: WantedMount): boolean {
  const sameType = there.type === type || (there.type.startsWith("fuse") && type.startsWith("fuse"));
  const comparable = !/^(UUID|LABEL|PARTUUID|PARTLABEL)=/.test(source);
  return sameType && (!comparable || there.source.replace(/\/+$/, "") === source.replace(/\/+$/, ""));
}

const occupied = ({ target, source, type }: Mount) =>
  new OperatorError("MOUNT_OCCUPIED", `${target} is taken: ${source} (${type}) is mounted there`, {
    remedy: "Unmount it or name another target.",
  });

const CREDENTIAL = /^(user|username|pass|password|dom|domain)=/;

const optionsOf = ({ options = "" }: WantedMount) => options.split(",").filter((option) => option !== "");

const secretsOf = (wanted: WantedMount) =>
  optionsOf(wanted).flatMap((option) => (CREDENTIAL.test(option) ? [option.slice(option.indexOf("=") + 1)] : []));

/** cifs takes user and password from a file (mount.cifs(8)); for other types a password could only be given for all to see. */
async function withOptions(root: string, wanted: WantedMount, work: (options: string) => Promise<void>) {
  const all = optionsOf(wanted);
  const secret = all.filter((option) => CREDENTIAL.test(option));
  if (!secret.some((option) => option.startsWith("pass"))) return work(all.join(","));
  if (wanted.type !== "cifs" && wanted.type !== "smb3")
    throw refuseArgument(
      `a mount of type ${wanted.type} cannot be given a password`,
      "Use cifs, or a key or file that its program reads.",
    );
  const others = all.filter((option) => !CREDENTIAL.test(option));
  return withPrivateFile(root, credentials(secret), (path) => work([...others, `credentials=${path}`].join(",")));
}

const LONG: Record<string, string> = { user: "username", pass: "password", dom: "domain" };

function credentials(options: string[]): string {
  return options
    .map((option) => {
      const [name = "", ...value] = option.split("=");
      return `${LONG[name] ?? name}=${value.join("=")}\n`;
    })
    .join("");
}
