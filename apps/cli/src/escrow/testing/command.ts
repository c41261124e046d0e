import { packageEnvFile, type PackageOptions } from "../../commands/env-package.ts";
import { unpackageEnvFile, type UnpackageOptions } from "../../commands/env-unpackage.ts";
import { createApi } from "../../api.ts";
import { findInstallation } from "../../installation.ts";

/** What a command wrote: results, and what it said beside them. */
export interface Said {
  printed: string[];
  said: string[];
}

/** As on a laptop. */
const NOBODY = createApi("backup-agent", "http://127.0.0.1:9", () => "token");

function context() {
  const heard: Said = { printed: [], said: [] };
  const terminal = {
    print: (text: string) => void heard.printed.push(text),
    say: (text: string) => void heard.said.push(text),
    json: (value: unknown) => void heard.printed.push(JSON.stringify(value)),
  };
  return { heard, context: { terminal, backupAgent: NOBODY, installation: findInstallation({}) } };
}

/** `appliance env package`, in this process. */
export async function packageIt(file: string | undefined, options: Partial<PackageOptions> = {}): Promise<Said> {
  const { heard, context: given } = context();
  await packageEnvFile(file, { requirements: false, ...options }, given);
  return heard;
}

/** `appliance env unpackage`, in this process. */
export async function unpackageIt(source: string, options: Partial<UnpackageOptions> & { out: string }): Promise<Said> {
  const { heard, context: given } = context();
  await unpackageEnvFile(source, { force: false, ...options }, given);
  return heard;
}
