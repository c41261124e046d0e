import { createHash } from "node:crypto";
import { IDENTITIES } from "@appliance/host";
import type { Step } from "@appliance/jobs";
import { step, type Capability, type Wanted } from "../capability.ts";
import type { RootFiles } from "../root-files.ts";
import { PATHS } from "../paths.ts";

interface VaultKeyStep extends Step {
  file: string;
  content: string;
}

/** The two OpenPGP keys of the document vault, where the application imports them from (manual, 6.4). */
export function vaultKeysCapability(files: RootFiles): Capability<VaultKeyStep> {
  return {
    name: "vault-keys",
    title: "Handing the vault keys to the application",
    async plan(wanted) {
      const steps: VaultKeyStep[] = [];
      for (const planned of keySteps(wanted)) {
        const present = await files.read(planned.file);
        if (!present || digest(present) !== digest(planned.content)) steps.push(planned);
      }
      return steps;
    },
    apply: ({ file, content }) => files.write(file, content, { mode: 0o600, ...IDENTITIES.app }),
  };
}

function keySteps({ env }: Wanted): VaultKeyStep[] {
  const keys = { vault_encrypt: env.ecs.vault_encrypt, vault_sign: env.ecs.vault_sign };
  return Object.entries(keys).flatMap(([name, key]) => {
    if (!key) return [];
    const file = `${PATHS.vaultKeys}/${name}.asc`;
    return [step({ capability: "vault-keys", summary: `Write the key ecs:${name} to ${file}`, file, content: key })];
  });
}

function digest(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}
