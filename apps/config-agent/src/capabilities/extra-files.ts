import type { Host, WantedFile } from "@appliance/host";
import type { Step } from "@appliance/jobs";
import { step, type Capability, type Wanted } from "../capability.ts";

interface ExtraFileStep extends Step {
  file: WantedFile;
}

const DEFAULT_MODE = 0o644;
/** By number: a plain checkout has no accounts to look a name up in. */
const DEFAULT_OWNER = "0:0";

/** `appliance:extra:files`: whatever the operator wants on the host. */
export function extraFilesCapability({ files }: Host): Capability<ExtraFileStep> {
  return {
    name: "extra-files",
    title: "Writing the extra files of env.yml",
    async plan(wanted) {
      const steps: ExtraFileStep[] = [];
      for (const file of wantedFiles(wanted)) {
        const found = await files.compare(file);
        if (found === "same") continue;
        const summary = found === "missing" ? `Write ${file.path}` : `Write ${file.path} anew`;
        steps.push(step({ capability: "extra-files", summary, file }));
      }
      return steps;
    },
    async apply({ file }) {
      await files.write(file);
    },
  };
}

function wantedFiles({ env }: Wanted): WantedFile[] {
  return env.appliance.extra.files.map(({ path, contents, owner, permissions }) => ({
    path,
    content: contents,
    mode: permissions ?? DEFAULT_MODE,
    owner: owner ?? DEFAULT_OWNER,
  }));
}
