import { backupTargetsOf, mountSettingOf, parseEnv } from "@appliance/env";
import { OperatorError } from "@appliance/errors";
import type { Host, PackageWork, WantedMount } from "@appliance/host";
import { HostMount, HostPackages, HostReboot, HostUnmount, handle, type JobHandler } from "@appliance/jobs";
import { runPackageWork } from "./package-work.ts";
import { PATHS } from "./paths.ts";
import type { RootFiles } from "./root-files.ts";

interface Deps {
  host: Host;
  files: RootFiles;
}

/** Set by Debian's packages when only a reboot brings what they installed into use. */
const REBOOT_REQUIRED = "/var/run/reboot-required";

/** What other agents may ask of the host: the queue `host`. A job names a setting; its value is read here. */
export function hostJobs({ host, files }: Deps): JobHandler[] {
  return [
    handle(HostPackages, async ({ action, names }, { signal }) => {
      const work: PackageWork = action === "install" ? { action, names } : { action };
      const { output } = await runPackageWork(host.packages, work, signal);
      return { changed: packagesSetUp(output), rebootRequired: await files.exists(REBOOT_REQUIRED) };
    }),
    handle(HostReboot, async (_data, { log }) => {
      log.warn({}, "the host is asked to reboot");
      await host.reboot();
      return {};
    }),
    handle(HostMount, async ({ setting }) => {
      const wanted = await backupMount(setting, files);
      await host.mounts.mount(wanted);
      return { mountPoint: wanted.target };
    }),
    handle(HostUnmount, async ({ setting }) => {
      await host.mounts.unmount((await backupMount(setting, files)).target);
      return {};
    }),
  ];
}

/** apt names each package that it configured: "Setting up qrencode (4.1.1-2) ...". */
function packagesSetUp(output: string): string[] {
  return [...output.matchAll(/^Setting up ([^\s:]+)(?::\w+)? \(/gm)].map(([, name]) => name!);
}

/** The mount of the active env.yml that `setting` names. @throws OperatorError `MOUNT_NOT_CONFIGURED` */
async function backupMount(setting: string, files: RootFiles): Promise<WantedMount> {
  const text = await files.read(PATHS.activeEnv);
  const env = text && parseEnv(text, { file: PATHS.activeEnv }).env;
  const mount = env && backupTargetsOf(env).find((target) => mountSettingOf(target) === setting)?.mount;
  if (!mount) throw notConfigured(setting);
  const { type, source, target, options } = mount;
  return { type, source, target, ...(options === undefined ? {} : { options }) };
}

function notConfigured(setting: string): OperatorError {
  return new OperatorError("MOUNT_NOT_CONFIGURED", `The active env.yml has no ${setting}.`, {
    remedy: "Set it in env.yml and run `appliance apply`.",
  });
}
