import { OperatorError } from "@appliance/errors";
import type { Host, WantedFile } from "@appliance/host";
import type { Step } from "@appliance/jobs";
import { step, type Capability, type Wanted } from "../capability.ts";

interface ExtraFileStep extends Step {
  file: WantedFile;
}

const DEFAULT_MODE = 0o644;
/** By number: a plain checkout has no accounts to look a name up in. */
const DEFAULT_OWNER = "0:0";

/**
 * `appliance:extra:files`: whatever the operator wants on the host. Written twice in the order of start: before hooks, packages and
 * states, which may need them; and after those for what belongs to a user whom they bring.
 */
export function extraFilesCapability(
  host: Host,
  when: "before packages" | "after packages",
): Capability<ExtraFileStep> {
  const isLate = when === "after packages";
  return {
    name: isLate ? "extra-files-late" : "extra-files",
    title: isLate ? "Writing the extra files of new users" : "Writing the extra files of env.yml",
    async plan(wanted) {
      const steps: ExtraFileStep[] = [];
      for (const file of wantedFiles(wanted)) {
        const found = await compare(host, file, isLate);
        if (found === "same" || found === "later") continue;
        const summary = found === "missing" ? `Write ${file.path}` : `Write ${file.path} anew`;
        steps.push(step({ capability: isLate ? "extra-files-late" : "extra-files", summary, file }));
      }
      return steps;
    },
    async apply({ file }) {
      await host.files.write(file);
    },
  };
}

/** An owner who is unknown at first is an error only once everything that could bring them is in place. */
async function compare({ files }: Host, file: WantedFile, isLate: boolean) {
  try {
    return await files.compare(file);
  } catch (error) {
    if (!isLate && error instanceof OperatorError && error.code === "HOST_OWNER_UNKNOWN") return "later";
    throw error;
  }
}

function wantedFiles({ env }: Wanted): WantedFile[] {
  return env.appliance.extra.files.map(({ path, contents, owner, permissions }) => ({
    path,
    content: contents,
    mode: permissions ?? DEFAULT_MODE,
    owner: owner ?? DEFAULT_OWNER,
  }));
}
