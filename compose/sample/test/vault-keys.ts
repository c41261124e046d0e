import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@appliance/command";

/** A GnuPG home of the test's own with the two vault keys, to look into vault files from outside the application. */
export async function createVaultKeys() {
  const home = mkdtempSync(join(tmpdir(), "vault-keys-"));
  const gpg = async (...args: string[]) => {
    const common = ["--homedir", home, "--batch", "--pinentry-mode", "loopback", "--passphrase", ""];
    return await runCommand("gpg", [...common, ...args], { timeoutMs: 60_000 });
  };
  for (const name of ["ecs_mediaserver", "ecs_authority"])
    await gpg("--quick-gen-key", name, "rsa2048", "sign,encr", "never");
  return {
    gpg,
    /** Writes the secret keys as config-agent does. */
    writeTo: async (folder: string) => {
      const files = { ecs_mediaserver: "vault_encrypt.asc", ecs_authority: "vault_sign.asc" };
      for (const [name, file] of Object.entries(files)) {
        const { stdout } = await gpg("--armor", "--export-secret-keys", name);
        writeFileSync(join(folder, file), stdout, { mode: 0o600 });
      }
    },
    remove: async () => {
      await runCommand("gpgconf", ["--homedir", home, "--kill", "all"], { timeoutMs: 10_000 });
      rmSync(home, { recursive: true });
    },
  };
}
export type VaultKeys = Awaited<ReturnType<typeof createVaultKeys>>;
