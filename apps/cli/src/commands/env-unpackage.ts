import { writeFileDurable } from "@appliance/files";
import type { Context } from "../context.ts";
import { refuseToReplace } from "../refuse-to-replace.ts";

export interface UnpackageOptions {
  out: string;
  id?: string;
  force: boolean;
}

/** `appliance env unpackage SOURCE`: the env.yml of a package, byte for byte, mode 0600; `-` reads standard input. */
export async function unpackageEnvFile(
  source: string,
  { out, id, force }: UnpackageOptions,
  { installation, terminal }: Pick<Context, "installation" | "terminal">,
): Promise<void> {
  await refuseToReplace(out, force);
  const { unpackageEnv } = await import("../escrow/unpackage-env.ts");
  const { hash } = await import("../escrow/split.ts");
  const { file, notes } = await unpackageEnv({
    source: source === "-" ? "standard input" : source,
    ...(source === "-" ? { content: process.stdin } : {}),
    ...(id === undefined ? {} : { id }),
    toolsImage: installation.toolsImage,
    onProgress: terminal.say,
  });
  for (const note of notes) terminal.say(note);
  await refuseToReplace(out, force); // the pages took a while
  await writeFileDurable(out, file, { mode: 0o600 });
  terminal.print(out);
  terminal.say(`${file.length} bytes, SHA-256 ${hash(file).toLowerCase()}`);
}
