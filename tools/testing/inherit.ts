import { spawn } from "node:child_process";
import { once } from "node:events";

/** Runs a program whose output is for the reader. @returns its exit code, 1 when a signal ended it. */
export async function inherit(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const child = spawn(program, args, { stdio: ["ignore", "inherit", "inherit"], env: { ...process.env, ...env } });
  const [code] = (await once(child, "close")) as [number | null];
  return code ?? 1;
}
