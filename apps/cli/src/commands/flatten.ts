import { readFile } from "node:fs/promises";
import { runFlatten } from "@appliance/flat-yaml";

/** `appliance env flatten [options] KEYS`: env.yml as shell variables, from standard input or a file. Needs no service. */
export async function flattenEnv(args: string[]): Promise<number> {
  const { stdout, stderr, exitCode } = await runFlatten(args, {
    stdin: readStandardInput,
    readFile: (path) => readFile(path),
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  return exitCode;
}

async function readStandardInput(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
