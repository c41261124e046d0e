import { hostname as ownHostname } from "node:os";
import type { RunCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import { readFacts } from "./facts.ts";
import { createHostDrives } from "./drives.ts";
import { createHostFiles } from "./files.ts";
import type { Host, Verb } from "./host.ts";
import { createHostHooks } from "./hooks.ts";
import { createHostName } from "./hostname.ts";
import { createHostMetadataBlock } from "./metadata-block.ts";
import { createHostMounts } from "./mounts.ts";
import { createHostPackages } from "./packages.ts";
import { createPlainPower } from "./plain-power.ts";
import type { HostPower } from "./power.ts";
import { createHostProgram } from "./program.ts";
import { createHostSshKeys } from "./ssh-keys.ts";
import { createHostSshServer } from "./ssh-server.ts";
import { createHostSysctl } from "./sysctl.ts";
import { createHostStorage } from "./storage.ts";
import { createSystemdPower } from "./systemd-power.ts";
import { createHostTree } from "./tree.ts";
import { createHostUnits } from "./units.ts";

/** Where a container that shares the host's process namespace sees the host's files. */
const HOST_ROOT = "/proc/1/root";

const REBOOT_MS = 30_000;

/** A host whose process 1 is systemd: what needs full powers is a transient unit, files are written through `root`. */
export function createSystemdHost({ run, root = HOST_ROOT }: { run: RunCommand; root?: string }): Host {
  const power = createSystemdPower({ run, root });
  return createHost({
    kind: "systemd",
    root,
    power,
    reboot: () => power.run("reboot", "systemctl", ["--no-block", "reboot"], { timeoutMs: REBOOT_MS }),
    whyUnavailable: () => undefined,
  });
}

/** A host with another process 1: its namespaces are entered with the capabilities that compose names for it. */
export function createPlainHost({ run, root = HOST_ROOT }: { run: RunCommand; root?: string }): Host {
  const power = createPlainPower({ run });
  return createHost({
    kind: "plain",
    root,
    power,
    reboot: () => power.run("reboot", "reboot", [], { timeoutMs: REBOOT_MS }),
    whyUnavailable: (verb) => (verb === "units" ? "this host is not run by systemd, it has no units" : undefined),
  });
}

/**
 * A folder that stands for a host, in tests and plain checkouts: files are written below it, what is global to a machine is
 * unavailable and never touched.
 */
export function createRootFolderHost({ root }: { root: string }): Host {
  const unavailable = (verb: Verb) => (verb === "files" ? undefined : FOLDER_REASONS[verb]);
  const refuse = (verb: Verb) => Promise.reject(refusal(verb, unavailable(verb) ?? ""));
  const power: HostPower = {
    observe: () => refuse("program"),
    run: (verb) => refuse(verb),
    start: (verb) => refuse(verb),
  };
  return createHost({ kind: "folder", root, power, reboot: () => refuse("reboot"), whyUnavailable: unavailable });
}

const FOLDER_REASONS: Record<Exclude<Verb, "files">, string> = {
  sshKeys: "it would change who may log in to this machine, not on this root",
  sshServer: "it would change who may log in to this machine, not on this root",
  hostname: "it would rename this machine, not on this root",
  packages: "it would change the packages of this machine, not on this root",
  mounts: "it would mount on this machine, not on this root",
  storage: "it would change the disks of this machine, not of this root",
  units: "it would change units of this machine, not on this root",
  sysctl: "it would change the kernel of this machine, not of this root",
  reboot: "it would reboot this machine, not on this root",
  program: "it would run a program on this machine, not on this root",
  drives: "it would read the drives of this machine, not of this root",
  metadataBlock: "it would change the firewall of this machine, not of this root",
};

interface Parts {
  kind: Host["kind"];
  root: string;
  power: HostPower;
  reboot: () => Promise<unknown>;
  whyUnavailable: (verb: Verb) => string | undefined;
}

function createHost({ kind, root, power, reboot, whyUnavailable }: Parts): Host {
  const guarded = <T extends object>(verb: Verb, work: T): T => {
    const why = whyUnavailable(verb);
    return why === undefined ? work : unavailableVerbs(work, refusal(verb, why));
  };
  const hostname = createHostName(power, root);
  const mounts = createHostMounts(power, root);
  return {
    kind,
    root,
    whyUnavailable,
    facts: () => readFacts(root, whyUnavailable("hostname") ? async () => ownHostname() : () => hostname.observe()),
    files: { ...createHostFiles(root), ...createHostTree(root) },
    sshKeys: guarded("sshKeys", createHostSshKeys(root)),
    sshServer: guarded("sshServer", createHostSshServer({ power, root, hasUnits: kind === "systemd" })),
    hostname: guarded("hostname", hostname),
    packages: guarded("packages", createHostPackages(power, root)),
    mounts: guarded("mounts", mounts),
    storage: guarded("storage", createHostStorage({ power, root, mounts, systemd: kind === "systemd" })),
    units: guarded("units", createHostUnits(power)),
    sysctl: guarded("sysctl", createHostSysctl(power, root)),
    program: guarded("program", createHostProgram(power, root)),
    hooks: createHostHooks(root),
    drives: guarded("drives", createHostDrives(power, root)),
    metadataBlock: guarded("metadataBlock", createHostMetadataBlock(power)),
    reboot: async () => void (await reboot()),
  };
}

const refusal = (verb: Verb, why: string) =>
  new OperatorError("HOST_VERB_UNAVAILABLE", `${verb} is not available: ${why}`, {
    remedy: "Do it by hand, or use the appliance on a host of its own.",
  });

/** The same verbs, each of which fails with `error`. */
function unavailableVerbs<T extends object>(work: T, error: OperatorError): T {
  const failing = Object.keys(work).map((name) => [name, () => Promise.reject(error)] as const);
  return Object.fromEntries(failing) as T;
}
