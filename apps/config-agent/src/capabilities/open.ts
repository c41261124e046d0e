import { step, type Capability } from "../capability.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";
import { waitForApplication, type ProbeDeps } from "../probe.ts";

interface Deps {
  files: RootFiles;
  probe: ProbeDeps;
  /** Takes the status page away. */
  open: () => Promise<void>;
}

export const HEALTH_PATH = "/health/";
const ANSWERS_WITHIN_MS = 120_000;

/** The last part: once the application answers through nginx, which lets this one path pass the page, the page makes way. */
export function openCapability({ files, probe, open }: Deps): Capability {
  return {
    name: "open",
    title: "Opening the doors",
    async plan(wanted, ahead) {
      if (!ahead?.pageIsOn && !(await files.exists(`${PATHS.status}/on`))) return [];
      const summary = `Ask https://${wanted.env.appliance.domain}${HEALTH_PATH} and take the status page away`;
      return [step({ capability: "open", summary })];
    },
    async apply(_step, wanted, { signal }) {
      await waitForApplication(wanted.env.appliance.domain, HEALTH_PATH, probe, ANSWERS_WITHIN_MS, signal);
      await open();
    },
  };
}
