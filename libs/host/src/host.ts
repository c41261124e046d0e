import type { CommandResult } from "@appliance/command";
import type { Observed, StorageWork } from "@appliance/storage-setup";

/** Everything that may be done to a host. The list is closed: there is no verb for "any command". */
export type Verb =
  | "files"
  | "sshKeys"
  | "sshServer"
  | "hostname"
  | "packages"
  | "mounts"
  | "storage"
  | "units"
  | "sysctl"
  | "reboot"
  | "program"
  | "drives"
  | "metadataBlock";

/**
 * A host and the work that can be done on it. Every verb is idempotent: killed anywhere and called again, it finishes.
 * Verbs that change something return whether they had to.
 *
 * Errors common to all: `HOST_VERB_UNAVAILABLE` where `whyUnavailable` gives a reason, `HOST_ARGUMENT_REFUSED` for an argument
 * that is not one, and those of `@appliance/command` and `@appliance/files`.
 */
export interface Host {
  readonly kind: "systemd" | "plain" | "folder";
  /** The folder through which the host's files are seen. */
  readonly root: string;
  /** A sentence why a verb cannot be carried out here, undefined when it can. A plan shows it instead of the step. */
  whyUnavailable(verb: Verb): string | undefined;
  facts(): Promise<HostFacts>;
  readonly files: HostFiles;
  readonly sshKeys: HostSshKeys;
  readonly sshServer: HostSshServer;
  readonly hostname: HostName;
  readonly packages: HostPackages;
  readonly mounts: HostMounts;
  readonly storage: HostStorage;
  readonly units: HostUnits;
  readonly sysctl: HostSysctl;
  readonly program: HostProgram;
  readonly hooks: HostHooks;
  readonly drives: HostDrives;
  readonly metadataBlock: HostMetadataBlock;
  /** Asks for a reboot and returns at once. */
  reboot(): Promise<void>;
}

export interface HostFacts {
  /** Of the whole machine, in MiB. */
  memoryMb: number;
  cores: number;
  /** IANA name; `UTC` where the host names none. */
  timeZone: string;
  /** `ID` and `VERSION_ID` of os-release; undefined below a root folder without one. */
  os: { id: string; version: string } | undefined;
  /** Changes with every boot. */
  bootId: string;
  hostname: string;
  /** Whether systemd is process 1. */
  systemd: boolean;
}

/** What stands at a path of the host. */
export type ObservedFile =
  | { type: "missing" }
  | { type: "file"; sha256: string; size: number; mode: number; uid: number; gid: number }
  | { type: "other" };

export interface WantedFile {
  /** Absolute, on the host. */
  path: string;
  content: string | Uint8Array;
  mode: number;
  /** `user:group`, names of the host or numbers; `user` alone takes that user's group. */
  owner: string;
}

export interface HostFiles {
  observe(path: string): Promise<ObservedFile>;
  /** What `write` would find: content, mode and owner count. @throws as `write` */
  compare(file: WantedFile): Promise<"same" | "different" | "missing">;
  /**
   * @throws OperatorError `PATH_REFUSED` for what `refusalOf` names, symlinks that are not the appliance's own, and anything
   * but a regular file in its place; `HOST_OWNER_UNKNOWN`.
   */
  write(file: WantedFile): Promise<boolean>;
  /** What stands at a path whose own name is not followed, should it be a symlink. */
  look(path: string): Promise<FoundEntry>;
  /** The bytes of a regular file, undefined when there is none. @throws OperatorError `PATH_REFUSED` as `write` */
  read(path: string): Promise<Buffer | undefined>;
  /** Uid and gid of `user:group`. @throws OperatorError `HOST_OWNER_UNKNOWN` */
  owner(owner: string): Promise<{ uid: number; gid: number }>;
  /** Folders above it are made as root's, 0755. @throws OperatorError `PATH_REFUSED` when anything else stands there */
  makeFolder(path: string, attributes: { mode: number; uid: number; gid: number }): Promise<boolean>;
  /** A symlink; one that leads elsewhere is replaced. @throws OperatorError `PATH_REFUSED` when anything else stands there */
  link(path: string, target: string): Promise<boolean>;
  /**
   * A folder goes with all that is in it, but never what is mounted there.
   * @throws OperatorError `PATH_REFUSED` for what the host or the appliance cannot be without
   */
  remove(path: string): Promise<boolean>;
}

export type FoundEntry =
  | { type: "missing" }
  | { type: "file" | "folder" | "other"; mode: number; uid: number; gid: number }
  | { type: "link"; target: string };

export interface HostSshKeys {
  /** The lines of the user's authorized_keys that are keys. */
  observe(user: string): Promise<string[]>;
  /** What `change` would add and remove. */
  compare(
    user: string,
    keys: { add: readonly string[]; remove: readonly string[] },
  ): Promise<{ added: string[]; removed: string[] }>;
  /** Adds and removes these keys; all other lines stay. A key is itself, whatever its comment and options. */
  change(user: string, keys: { add: readonly string[]; remove: readonly string[] }): Promise<boolean>;
}

export interface SshServerState {
  /** Undefined where sshd cannot say, since it would not start with the settings as they are. */
  rootMayLogIn: boolean | undefined;
  /** With a password as well as with a key. */
  rootByPassword: boolean;
  forbiddenByUs: boolean;
  /** What runs has not read its settings since they changed. */
  reloadNeeded: boolean;
}

/** The host's sshd, as far as root may log in there. */
export interface HostSshServer {
  /** Undefined where no sshd is installed. */
  observe(): Promise<SshServerState | undefined>;
  /**
   * Forbids root to log in, or takes that back; what others set stays. sshd checks its settings before it reads them anew.
   * @throws OperatorError `SSHD_REFUSED`: sshd does not accept them, or they have no effect; the old ones are back
   */
  forbidRoot(forbidden: boolean): Promise<boolean>;
  /** Users with a login shell who may become root by sudo. */
  administrators(): Promise<string[]>;
}

export interface HostName {
  observe(): Promise<string>;
  /** Sets the running name, /etc/hostname and the 127.0.1.1 line of /etc/hosts. `name` may be a full domain name. */
  set(name: string): Promise<boolean>;
}

export type PackageWork = { action: "install"; names: readonly string[] } | { action: "upgrade" };

/** Work that outlives its asker. */
export type TaskState =
  | { state: "absent" }
  | { state: "running" }
  /** Ended without a result: the host was cut off or the work was killed. Starting it again finishes it. */
  | { state: "interrupted"; output: string }
  /** `output` is the end of what it wrote. */
  | { state: "done"; exitCode: number; output: string };

export interface HostPackages {
  /** The installed version of each of `names`, undefined where it is not installed. */
  observe(names: readonly string[]): Promise<Map<string, string | undefined>>;
  /** Starts the work unless `id` is running or done; it survives the end of this agent and of the engine. */
  start(id: string, work: PackageWork): Promise<void>;
  poll(id: string): Promise<TaskState>;
  /** Removes the record of work that is not running. */
  forget(id: string): Promise<void>;
}

export interface Mount {
  source: string;
  target: string;
  type: string;
  options: string[];
}

export interface WantedMount {
  type: string;
  source: string;
  /** Absolute; made when it is missing. */
  target: string;
  /** As for `mount -o`. User and password of cifs go by a file that only root reads, never by the command line. */
  options?: string;
}

export interface HostMounts {
  list(): Promise<Mount[]>;
  mount(wanted: WantedMount): Promise<boolean>;
  unmount(target: string): Promise<boolean>;
}

/** A mount that comes back with each boot. */
export interface KeptMount {
  /** Below /dev; a name that stays the same over a boot. */
  device: string;
  target: string;
  /** Default: what the kernel finds. */
  type?: string;
  options?: readonly string[];
}

export interface HostStorage {
  /** Every block device with all that it carries, by probing, and what `names` lead to. */
  observe(names?: readonly string[]): Promise<Observed>;
  /** Does one thing to a device. It does not look what it carries: that is what plans are for. */
  carryOut(work: StorageWork): Promise<void>;
  /** Whether it is mounted at each boot, by a line of the operator in /etc/fstab too. On a host without systemd each start does so. */
  isKept(mount: KeptMount): Promise<boolean>;
  /** Mounts it now and at each boot. @throws OperatorError `STORAGE_MOUNT_FAILED` */
  keep(mount: KeptMount): Promise<void>;
  /** Whether an earlier `keep` made it come back at each boot. */
  wasKept(target: string): Promise<boolean>;
  /** Takes an earlier `keep` back: not mounted any more, now and at each boot. @throws OperatorError `STORAGE_BUSY` */
  drop(target: string): Promise<void>;
  /** Swaps to `device` now and at each boot. */
  keepSwap(device: string): Promise<void>;
}

export interface HostUnits {
  observe(unit: string): Promise<{ active: boolean; enabled: boolean }>;
  start(unit: string): Promise<boolean>;
  stop(unit: string): Promise<boolean>;
  enable(unit: string): Promise<boolean>;
  disable(unit: string): Promise<boolean>;
  restart(unit: string): Promise<void>;
}

/** Settings of the kernel. */
export interface HostSysctl {
  /** What the kernel has now; undefined when it knows no such setting. Blanks between numbers are one space. */
  observe(key: string): Promise<{ now: string; atBoot: string | undefined } | undefined>;
  /** Sets it now and, by a file of its own in /etc/sysctl.d, at each boot. */
  set(key: string, value: string): Promise<boolean>;
}

/** The operator's own program: text of env.yml, run by /bin/sh, or a file below /app/etc/hooks, as `STAGE/NAME.sh`. */
export type ProgramSource = { text: string } | { hook: string };

export interface ProgramOptions {
  /** Handed over without being seen in a process list. Every value counts as a secret. */
  env?: Readonly<Record<string, string>>;
  /** Texts that may appear in no error and in no line given to `onLine`. */
  secrets?: Iterable<string>;
  timeoutMs: number;
  signal?: AbortSignal;
  onLine?: (line: string, stream: "stdout" | "stderr") => void;
}

export interface HostProgram {
  /** @throws CommandError as `runCommand`; OperatorError `HOOK_REFUSED` for a hook that is missing or others may write. */
  run(source: ProgramSource, options: ProgramOptions): Promise<CommandResult>;
}

/** A drive, or a part of one, whose file system has a label. */
export interface Drive {
  /** Such as /dev/sr0. */
  device: string;
  /** As it is written there: vfat has upper case only. */
  label: string;
  /** Of its file system, such as iso9660. */
  type: string;
}

export interface HostDrives {
  observe(): Promise<Drive[]>;
  /** Calls `work` with the path, for this process, of a private copy of the first 64 MiB of the drive, gone afterwards. */
  withCopy<T>(drive: Drive, work: (path: string) => Promise<T>): Promise<T>;
}

export interface MetadataBlockState {
  blocked: boolean;
  /** Why this host cannot keep containers from it, as a sentence. */
  unavailable?: string;
}

/** Whether containers are kept from the metadata service of a cloud, 169.254.169.254, whose user-data may be env.yml. */
export interface HostMetadataBlock {
  observe(): Promise<MetadataBlockState>;
  /** Before all other rules. @throws CommandError where it is unavailable. */
  ensure(): Promise<boolean>;
}

export interface Hook {
  /** As `HostProgram.run` takes it: `prepare-ecs.early/10-notify.sh`. */
  name: string;
  sha256: string;
  /** Why it is not run, undefined when it may be. */
  refused: string | undefined;
}

export interface HostHooks {
  /** The files `*.sh` of `/app/etc/hooks/STAGE`, in the order of their names' bytes. */
  list(stage: string): Promise<Hook[]>;
}
