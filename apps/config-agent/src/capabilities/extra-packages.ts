import type { Host } from "@appliance/host";
import type { Step } from "@appliance/jobs";
import { step, type Capability } from "../capability.ts";
import { runPackageWork } from "../package-work.ts";

interface PackagesStep extends Step {
  names: string[];
}

/**
 * `appliance:extra:packages`. Their place is after the extra files, which may name where packages come from; a storage setup may
 * need them before anything is written (manual, 2.3), and then they come first.
 */
export function extraPackagesCapability(
  host: Host,
  when: "before a storage setup" | "after the files",
): Capability<PackagesStep> {
  const isEarly = when === "before a storage setup";
  const name = isEarly ? "extra-packages-early" : "extra-packages";
  return {
    name,
    title: "Installing the extra packages of env.yml",
    async plan({ env }) {
      if (isEarly !== (env.appliance.storage.setup !== undefined)) return [];
      const wanted = env.appliance.extra.packages;
      const unavailable = host.whyUnavailable("packages");
      if (wanted.length === 0) return [];
      const installed = unavailable ? new Map<string, string>() : await host.packages.observe(wanted);
      const names = wanted.filter((name) => installed.get(name) === undefined);
      if (names.length === 0) return [];
      const changes = names.map((what) => ({ what, to: "installed" }));
      return [step({ capability: name, summary: `Install ${names.join(", ")}`, changes, names, unavailable })];
    },
    async apply({ names }, _wanted, { signal }) {
      await runPackageWork(host.packages, { action: "install", names }, signal);
    },
  };
}
