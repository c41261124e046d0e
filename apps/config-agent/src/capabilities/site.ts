import { setTimeout as sleep } from "node:timers/promises";
import { OperatorError } from "@appliance/errors";
import { publishGeneration, switchSymlink } from "@appliance/files";
import type { Step } from "@appliance/jobs";
import { join } from "node:path";
import { step, type Capability, type Wanted } from "../capability.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";
import { renderSite } from "../plan-site.ts";
import { HEALTH_PATH } from "./open.ts";

/** What nginx says of the last generation that it looked at. */
interface SiteState {
  generation: string;
  ok: boolean;
  error: string | null;
}

interface SiteStep extends Step {
  files: Record<string, string>;
}

const TAKEN_UP_WITHIN_MS = 15_000;
const LOOK_EVERY_MS = 50;
const CURRENT = `${PATHS.site}/current`;

/** nginx' identity: the names it answers to and the way to the application. nginx reloads by itself and says how it went. */
export function siteCapability(files: RootFiles, httpsPort: number): Capability<SiteStep> {
  return {
    name: "site",
    title: "Configuring the web server",
    async plan(wanted) {
      const site = planSite(wanted, httpsPort);
      const changed = await changedFiles(site, files);
      if (changed.length === 0) return [];
      const summary = `Let nginx serve ${wanted.env.appliance.domain}`;
      return [
        step({
          capability: "site",
          summary,
          changes: changed.map((what) => ({ what })),
          restarts: ["nginx (reload)"],
          files: site,
        }),
      ];
    },
    apply: ({ files: site }, _wanted, { signal }) => publish(site, files, signal),
  };
}

/** The way to the application is part of the manual's contract: service ecs.web, port 5000. */
const UPSTREAM = { service: "ecs.web", port: 5000, protocol: "http", health: HEALTH_PATH } as const;

function planSite({ env }: Wanted, httpsPort: number): Record<string, string> {
  const { domain, allowed_hosts: allowedHosts, ssl } = env.appliance;
  const mandatory = ssl.client_certs_mandatory || ssl.letsencrypt.client_certs_mandatory;
  return renderSite({
    domain,
    allowedHosts,
    httpsPort,
    upstream: UPSTREAM,
    clientCertificates: mandatory ? "mandatory" : "optional",
  });
}

async function changedFiles(site: Record<string, string>, files: RootFiles): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, text] of Object.entries(site))
    if ((await files.read(`${CURRENT}/${name}`))?.toString("utf8") !== text) changed.push(name);
  for (const name of await files.names(CURRENT)) if (!(name in site)) changed.push(name);
  return changed;
}

/** A set that nginx refuses is taken back, so that the next plan sees the difference again. */
async function publish(site: Record<string, string>, files: RootFiles, signal: AbortSignal): Promise<void> {
  const folder = await files.locate(PATHS.site);
  const before = (await files.attributes(CURRENT))?.target;
  const entries = Object.entries(site).map(([name, data]) => [name, { data, mode: 0o644, uid: 0, gid: 0 }] as const);
  const generation = await publishGeneration(folder, new Map(entries));
  const state = await waitForState(generation, files, signal);
  if (state?.ok) return;
  if (before) await switchSymlink(join(folder, "current"), before);
  throw state ? refused(state.error) : notTakenUp();
}

async function waitForState(generation: string, files: RootFiles, signal: AbortSignal): Promise<SiteState | undefined> {
  const deadline = performance.now() + TAKEN_UP_WITHIN_MS;
  while (performance.now() < deadline) {
    const text = await files.read(PATHS.siteState);
    const state = text && (JSON.parse(text.toString("utf8")) as SiteState);
    if (state && state.generation === generation) return state;
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
  return undefined;
}

function refused(error: string | null): OperatorError {
  return new OperatorError("SITE_REFUSED", `nginx refused its new configuration: ${error ?? "it gave no reason"}`, {
    remedy:
      "It serves with the one before. Check appliance:domain and appliance:allowed_hosts, then run `appliance apply`.",
  });
}

function notTakenUp(): OperatorError {
  return new OperatorError("SITE_NOT_TAKEN", "nginx did not take up its new configuration.", {
    remedy:
      "See whether it runs with `appliance status` and why not with `appliance logs nginx`, then run `appliance apply`.",
  });
}
