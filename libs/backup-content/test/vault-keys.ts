import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { VaultKeys } from "../src/index.ts";

/** Two keys as env.yml has them, and documents as the application stores them. */
export interface TestVaultKeys {
  keys: VaultKeys;
  store(path: string | Buffer, content: string): void;
  remove(): void;
}

export function createVaultKeys(): TestVaultKeys {
  const home = mkdtempSync(join(tmpdir(), "vault-keys-"));
  const gpg = (args: string[], input = "") =>
    execFileSync("gpg", ["--homedir", home, "--batch", "--quiet", "--passphrase", "", ...args], { input });
  for (const name of ["ecs_mediaserver", "ecs_authority"])
    gpg(["--quick-gen-key", name, "rsa2048", "sign,encr", "never"]);
  const secretKey = (name: string) => gpg(["--armor", "--export-secret-keys", name]).toString();
  const to = ["--trust-model", "always", "--recipient", "ecs_mediaserver", "--local-user", "ecs_authority"];
  return {
    keys: { encrypt: secretKey("ecs_mediaserver"), sign: secretKey("ecs_authority") },
    store: (path, content) => writeFileSync(path, gpg([...to, "--encrypt", "--sign"], content)),
    remove: () => {
      execFileSync("gpgconf", ["--homedir", home, "--kill", "all"]);
      rmSync(home, { recursive: true });
    },
  };
}
