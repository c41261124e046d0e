import { IDENTITIES, type Host } from "@appliance/host";
import type { Capability, RunContext, Wanted } from "../capability.ts";
import type { Containers } from "../containers.ts";
import { packageCacheFiles } from "../package-cache-files.ts";
import { PATHS } from "../paths.ts";
import { planPackageCache, type PackageCacheObserved, type PackageCacheStep } from "../plan-package-cache.ts";
import type { RootFiles } from "../root-files.ts";

interface Deps {
  host: Pick<Host, "files" | "whyUnavailable">;
  files: Pick<RootFiles, "exists" | "ensureFolder">;
  containers: Containers;
  /** The appliance's own version, which is the tag of its images. */
  version: string;
  /** Where the cache is published, on 127.0.0.1. */
  port: number;
}

const SERVICE = "package-cache";

/** `appliance:storage:proxy_cache`: a cache of Debian packages, and apt of the host that asks it. Without it all is fetched anew. */
export function packageCacheCapability(deps: Deps): Capability<PackageCacheStep> {
  return {
    name: "package-cache",
    title: "Starting the package cache",
    isOptional: true,
    async plan(wanted) {
      const isAskedFor = wanted.env.appliance.storage.proxy_cache;
      const image = `appliance/package-cache:${deps.version}`;
      return planPackageCache({ isAskedFor, image }, await observe(wanted, deps));
    },
    async apply({ action }, _wanted, run) {
      if (action === "tell apt") return tellApt(deps);
      if (action === "remove") return remove(run, deps);
      await start(action === "replace" ? "always" : "changed", run, deps);
    },
  };
}

async function observe(wanted: Wanted, { host, files, containers, port }: Deps): Promise<PackageCacheObserved> {
  const all = await containers.observeFor(wanted);
  const told = await Promise.all(packageCacheFiles(port).map((file) => host.files.compare(file)));
  return {
    container: all.find(({ project, service }) => project === "core" && service === SERVICE),
    hasFolder: await files.exists(PATHS.packageCache),
    apt: told.every((one) => one === "same") ? "told" : told.every((one) => one === "missing") ? "not told" : "half",
    aptUnavailable: host.whyUnavailable("packages"),
  };
}

/** One that does not start is taken away: what once ran and lies there is what a repair brings back, again and again. */
async function start(recreate: "always" | "changed", run: RunContext, { files, containers }: Deps): Promise<void> {
  await files.ensureFolder(PATHS.packageCache, { mode: 0o700, ...IDENTITIES["package-cache"] });
  try {
    await containers.up({ project: "core", services: [SERVICE], recreate }, run);
  } catch (err) {
    if (!run.signal.aborted) await containers.remove("core", [SERVICE], run);
    throw err;
  }
}

async function tellApt({ host, port }: Deps): Promise<void> {
  for (const file of packageCacheFiles(port)) await host.files.write(file);
}

/** apt first, and the folder last: as long as that is there, the next run goes on from here. */
async function remove(run: RunContext, { host, containers, port }: Deps): Promise<void> {
  for (const { path } of packageCacheFiles(port).toReversed()) await host.files.remove(path);
  await containers.remove("core", [SERVICE], run);
  await host.files.remove(PATHS.packageCache);
}
