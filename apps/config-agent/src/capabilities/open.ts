import type { Step } from "@appliance/jobs";
import { step, type Capability } from "../capability.ts";
import type { HostFiles } from "../host-files.ts";
import { PATHS } from "../paths.ts";
import { waitForApplication, type ProbeDeps } from "../probe.ts";

interface Deps {
  files: HostFiles;
  probe: ProbeDeps;
  /** Takes the status page away. */
  open: () => Promise<void>;
}

const HEALTH_PATH = "/health/";
const ANSWERS_WITHIN_MS = 120_000;

/**
 * The last part: the application answers through nginx, so the status page makes way. The page stands in the application's
 * place, so it goes first; as long as the application is silent, nginx shows it all the same.
 */
export function openCapability({ files, probe, open }: Deps): Capability {
  return {
    name: "open",
    title: "Opening the doors",
    async plan(wanted) {
      if (!(await files.exists(`${PATHS.status}/on`))) return [];
      const summary = `Ask https://${wanted.env.appliance.domain}${HEALTH_PATH} and take the status page away`;
      return [step<Pick<Step, never>>({ capability: "open", summary })];
    },
    async apply(_step, wanted, { signal }) {
      await open();
      await waitForApplication(wanted.env.appliance.domain, HEALTH_PATH, probe, ANSWERS_WITHIN_MS, signal);
    },
  };
}
