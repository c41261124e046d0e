import * as z from "zod";
import { defineJob } from "../contract.ts";
import { HOUR_MS, MINUTE_MS, nothing, runId } from "./shared.ts";

/** A Debian package name (Debian policy 5.6.1), so that none can be read as an option. */
const packageName = z.string().regex(/^[a-z0-9][a-z0-9+.-]+$/);

const hostJob = { queue: "host", owner: "config-agent", senders: ["update-agent"] } as const;

/** Installs packages, or upgrades those named; with no names `upgrade` means all. */
export const HostPackages = defineJob({
  ...hostJob,
  name: "host.packages",
  data: z.object({ action: z.enum(["install", "upgrade"]), names: z.array(packageName), runId }),
  result: z.object({ changed: z.array(z.string()), rebootRequired: z.boolean() }),
  attempts: 3,
  timeLimitMs: 2 * HOUR_MS,
});
export type HostPackages = z.infer<typeof HostPackages.data>;

/** Reboots the host. It ends once the reboot is ordered; who waits for the host itself looks at its boot id. */
export const HostReboot = defineJob({
  ...hostJob,
  name: "host.reboot",
  data: z.object({ reason: z.string().min(1).max(200), runId }),
  result: nothing,
  attempts: 1,
  timeLimitMs: 5 * MINUTE_MS,
});
export type HostReboot = z.infer<typeof HostReboot.data>;

/** The job names the key of env.yml that says what to mount; the value, which may hold a password, never travels. */
const mountData = z.object({
  setting: z.string().regex(/^appliance:backup:(?:targets:[a-z0-9][a-z0-9-]{0,31}:)?mount$/),
  runId,
});

/** Mounts what a setting describes; already mounted is done. */
export const HostMount = defineJob({
  ...hostJob,
  senders: ["backup-agent"],
  name: "host.mount",
  data: mountData,
  result: z.object({ mountPoint: z.string() }),
  attempts: 1,
  timeLimitMs: 5 * MINUTE_MS,
});
export type HostMount = z.infer<typeof HostMount.data>;

/** Unmounts it again; not mounted is done. */
export const HostUnmount = defineJob({
  ...hostJob,
  senders: ["backup-agent"],
  name: "host.unmount",
  data: mountData,
  result: nothing,
  attempts: 1,
  timeLimitMs: 5 * MINUTE_MS,
});
export type HostUnmount = z.infer<typeof HostUnmount.data>;
