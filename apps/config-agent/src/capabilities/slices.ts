import { createHash } from "node:crypto";
import { IDENTITIES } from "@appliance/host";
import { AGENTS, type AgentName, type Step } from "@appliance/jobs";
import { step, type Capability, type Wanted } from "../capability.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";
import { ACTIVE_ENV_ATTRIBUTES } from "../active-env.ts";
import { planSlices } from "../plan-slices.ts";
import { readDatabaseUrl } from "./database-url.ts";

interface SliceStep extends Step {
  file: string;
  /** Null where there is to be no file. */
  content: string | Uint8Array | null;
  attributes: { mode: number; uid: number; gid: number };
}

/** The active env.yml and each agent's part of it, as files that their reader alone may open. */
export function slicesCapability(files: RootFiles, databaseUrl: () => Promise<string | null>): Capability<SliceStep> {
  return {
    name: "slices",
    title: "Handing out the configuration",
    async plan(wanted) {
      const steps: SliceStep[] = [];
      for (const planned of [...agentSteps(wanted, await databaseUrl()), sourceStep(wanted), activeEnvStep(wanted)])
        if (!(await isInPlace(planned, files))) steps.push(planned);
      return steps;
    },
    async apply({ file, content, attributes }) {
      const folder = file.slice(0, file.lastIndexOf("/"));
      // After a reboot the engine made this folder, as root's; it stays the same folder, since a container holds it.
      if (folder.startsWith(PATHS.slices))
        await files.ensureFolder(folder, { mode: 0o700, uid: attributes.uid, gid: attributes.gid });
      if (content === null) await files.remove(file);
      else await files.write(file, content, attributes);
    },
  };
}

function slicePath(agent: AgentName): string {
  return `${PATHS.slices}/${agent}/env.json`;
}

/** Tells update-agent another size of the database's container than this machine asks for: the way back to an older one. */
export function writeContainerSize(files: RootFiles) {
  return async (wanted: Wanted, container: Record<string, string>): Promise<void> => {
    const slice = planSlices(wanted, await readDatabaseUrl(files))["update-agent"];
    const content = `${JSON.stringify({ ...slice, compose: container })}\n`;
    await files.write(slicePath("update-agent"), content, { mode: 0o600, ...IDENTITIES["update-agent"] });
  };
}

function agentSteps(wanted: Wanted, databaseUrl: string | null): SliceStep[] {
  const slices = planSlices(wanted, databaseUrl);
  return AGENTS.map((agent) => {
    const slice = slices[agent];
    return step({
      capability: "slices",
      summary: `${slice === null ? "Remove" : "Write"} the configuration of ${agent}`,
      file: slicePath(agent),
      content: slice === null ? null : `${JSON.stringify(slice)}\n`,
      attributes: { mode: 0o600, ...IDENTITIES[agent] },
    });
  });
}

/** `status` names it, also after a restart of this agent. */
function sourceStep({ source }: Wanted): SliceStep {
  return step({
    capability: "slices",
    summary: `Note that the active configuration is that of ${source}`,
    file: PATHS.activeSource,
    content: `${source}\n`,
    attributes: ACTIVE_ENV_ATTRIBUTES,
  });
}

/** Last: it says that this env.yml is the active one, with every slice of it in place. */
function activeEnvStep(wanted: Wanted): SliceStep {
  return step({
    capability: "slices",
    summary: `Make ${wanted.source} the active configuration (${PATHS.activeEnv})`,
    changes: wanted.changes,
    file: PATHS.activeEnv,
    content: wanted.text,
    attributes: ACTIVE_ENV_ATTRIBUTES,
  });
}

async function isInPlace({ file, content, attributes }: SliceStep, files: RootFiles): Promise<boolean> {
  const [found, text] = [await files.attributes(file), await files.read(file)];
  if (content === null) return !found;
  if (!found || !text || sha256(text) !== sha256(content)) return false;
  return found.mode === attributes.mode && found.uid === attributes.uid && found.gid === attributes.gid;
}

function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
