import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const MAIN = join(import.meta.dirname, "../main.ts");

export interface Said {
  exitCode: number | null;
  printed: string;
  said: string;
}

/** A checkout in a folder of its own, and the command as a process that serves it. */
export interface TestInstallation {
  checkout: string;
  /** Where the token of an agent lies. */
  secretsOf: (agent: string) => string;
  run: (args: readonly string[], options?: { input?: string; env?: NodeJS.ProcessEnv }) => Promise<Said>;
  remove: () => void;
}

/** `settings` are those of compose/.env, such as the port of an agent; every agent has the token `token`. */
export function testInstallation(settings: Record<string, string>): TestInstallation {
  const checkout = mkdtempSync(join(tmpdir(), "appliance-cli-"));
  const secretsOf = (agent: string) => join(checkout, "appliance-root/var/lib/appliance/secrets", agent);
  mkdirSync(join(checkout, "compose"));
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(join(checkout, "compose/.env"), lines.join(""));
  for (const agent of ["config-agent", "update-agent", "cert-agent", "backup-agent"]) {
    mkdirSync(secretsOf(agent), { recursive: true });
    writeFileSync(join(secretsOf(agent), "http-token"), "token");
  }
  return {
    checkout,
    secretsOf,
    async run(args, { input = "", env = {} } = {}) {
      const options = { cwd: checkout, env: { PATH: process.env["PATH"], APPLIANCE_CHECKOUT: checkout, ...env } };
      const child = spawn(process.execPath, [MAIN, ...args], options);
      child.stdin.end(input);
      const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
      const [printed, said] = await Promise.all([text(child.stdout), text(child.stderr)]);
      return { exitCode: await exited, printed, said };
    },
    remove: () => rmSync(checkout, { recursive: true }),
  };
}
