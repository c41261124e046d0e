import { existsSync } from "node:fs";
import { buffer } from "node:stream/consumers";
import { OperatorError } from "@appliance/errors";
import { writeFileDurable } from "@appliance/files";
import type { Context } from "../context.ts";

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
  if (!force && existsSync(out)) throw isThere(out);
  const { unpackageEnv } = await import("../escrow/unpackage-env.ts");
  const { hash } = await import("../escrow/split.ts");
  const { file, notes } = await unpackageEnv({
    source: source === "-" ? "standard input" : source,
    ...(source === "-" ? { content: await buffer(process.stdin) } : {}),
    ...(id === undefined ? {} : { id }),
    toolsImage: installation.toolsImage,
    onProgress: terminal.say,
  });
  for (const note of notes) terminal.say(note);
  await writeFileDurable(out, file, { mode: 0o600 });
  terminal.print(out);
  terminal.say(`${file.length} bytes, SHA-256 ${hash(file).toLowerCase()}`);
}

function isThere(out: string): OperatorError {
  return new OperatorError("FILE_EXISTS", `${out} is there already, and was left as it is.`, {
    remedy: "Name another file with --out, or overwrite it with --force.",
  });
}
