import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { CommandError, runCommand, type CommandResult } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import { dockerEnvironment, findImage } from "../docker-image.ts";

/** The programs that make and read packages, and the Debian package of each. */
const PACKAGES = { xorriso: "xorriso", pdfinfo: "poppler-utils", pdftoppm: "poppler-utils", gpg: "gnupg", tar: "tar" };
export type Tool = keyof typeof PACKAGES;

/** Runs a program that sees one private folder, where all that it reads and writes is. @throws CommandError */
export type Toolbox = (tool: Tool, args: readonly string[]) => Promise<CommandResult>;

const PATH = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const TIMEOUT_MS = 5 * 60_000;

/**
 * The programs of this machine; one that is missing runs in the appliance's image of tools instead, which has them all. There
 * it gets the private folder, this user's id, and no network, no powers and no other file.
 * @throws OperatorError `PROGRAM_MISSING` when there is neither
 */
export function createToolbox(folder: string, image: string, signal: AbortSignal, here = isInstalled): Toolbox {
  const limits = { cwd: folder, timeoutMs: TIMEOUT_MS, signal };
  let imageIsThere: Promise<void> | undefined;
  return async (tool, args) => {
    if (await here(tool)) return await runCommand(tool, args, limits);
    await (imageIsThere ??= requireImage(tool, image));
    return await runCommand("docker", inImage(tool, args, folder, image), { ...limits, env: dockerEnvironment() });
  };
}

export async function isInstalled(tool: string): Promise<boolean> {
  const places = PATH.map((folder) => access(`${folder}/${tool}`, constants.X_OK));
  return await Promise.any(places).then(
    () => true,
    () => false,
  );
}

function inImage(tool: Tool, args: readonly string[], folder: string, image: string): string[] {
  const user = `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
  const confined = "run --rm --init --network none --read-only --cap-drop ALL --security-opt no-new-privileges";
  const limited = `--pids-limit 64 --memory 1g --user ${user} --tmpfs /tmp`;
  const mounted = ["--mount", `type=bind,source=${folder},target=${folder}`, "--workdir", folder];
  return [...confined.split(" "), ...limited.split(" "), ...mounted, "--entrypoint", tool, image, ...args];
}

async function requireImage(tool: Tool, image: string): Promise<void> {
  try {
    await findImage(image);
  } catch (cause) {
    if (cause instanceof CommandError) throw missing(tool, image, cause);
    throw cause;
  }
}

function missing(tool: Tool, image: string, cause: unknown): OperatorError {
  return new OperatorError("PROGRAM_MISSING", `${tool} is not installed here, and there is no image ${image}.`, {
    remedy: `Install it (apt-get install ${PACKAGES[tool]}) or make the images: deploy/images.sh build.`,
    cause,
  });
}
