import type { HostPackages, PackageWork } from "./host.ts";
import type { HostPower } from "./power.ts";
import { assertPackages } from "./refuse.ts";
import { createTasks } from "./tasks.ts";

/**
 * Asks nothing, keeps changed configuration files, waits for another apt, and first finishes what a cut-off run left half
 * configured. What depends on the network is tried again; a name that apt does not know is not. The text is fixed; the names of
 * packages are its arguments and, once checked, hold nothing that a shell would read.
 */
export const PACKAGES_SCRIPT = `# Written by the appliance. Usage: sh work.sh install PACKAGE... | upgrade
set -u
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/root
export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
apt() {
  apt-get --yes --quiet -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=900 -o APT::Update::Error-Mode=any \\
    -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@"
}
again() {
  attempts=$1
  shift
  while :; do
    "$@" && return 0
    code=$?
    attempts=$((attempts - 1))
    [ "$attempts" -gt 0 ] || exit "$code"
    sleep 10
  done
}
work() {
  case $action in
  install) apt "$1" install -- $packages ;;
  upgrade) apt "$1" upgrade --with-new-pkgs ;;
  esac
}
action=$1
shift
packages=$*
again 90 dpkg --force-confdef --force-confold --configure -a
again 6 apt update
work --simulate >/dev/null || exit
again 3 work --download-only
work --fix-broken
`;

/** Debian packages of the host, through its own dpkg and apt. */
export function createHostPackages(power: HostPower, root: string): HostPackages {
  const tasks = createTasks({ power, root, verb: "packages" });
  return {
    async observe(names) {
      assertPackages(names);
      const format = "${Package}\\t${db:Status-Status}\\t${Version}\\n";
      // It ends with 1 when one of them is unknown, and still lists the others.
      const { stdout } = await power.observe("dpkg-query", ["-W", "-f", format, "--", ...names], {
        okExitCodes: [0, 1],
      });
      const installed = parseInstalled(stdout);
      const missing = names.some((name) => !installed.has(name));
      const provided = missing ? await providedPackages(power) : new Map<string, string>();
      return new Map(names.map((name) => [name, installed.get(name) ?? provided.get(name)]));
    },
    async start(id, work) {
      await tasks.start(id, PACKAGES_SCRIPT, argumentsOf(work));
    },
    poll: (id) => tasks.poll(id),
    forget: (id) => tasks.forget(id),
  };
}

/** Names that another package stands for, such as mail-transport-agent, with the version of that one. */
async function providedPackages(power: HostPower): Promise<Map<string, string>> {
  const format = "${db:Status-Status}\\t${Version}\\t${Provides}\\n";
  const { stdout } = await power.observe("dpkg-query", ["-W", "-f", format]);
  const rows = stdout.split("\n").map((line) => line.split("\t"));
  return new Map(
    rows.flatMap(([status, version = "", provides = ""]) =>
      status === "installed" && provides !== ""
        ? provides.split(",").map((name) => [name.replace(/\(.*/, "").trim(), version] as const)
        : [],
    ),
  );
}

function argumentsOf(work: PackageWork): string[] {
  if (work.action === "upgrade") return ["upgrade"];
  assertPackages(work.names);
  return ["install", ...work.names];
}

function parseInstalled(list: string): Map<string, string> {
  const rows = list.split("\n").map((line) => line.split("\t"));
  return new Map(
    rows.flatMap(([name, status, version]) =>
      name && version && status === "installed" ? [[name, version] as const] : [],
    ),
  );
}
