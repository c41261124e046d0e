import { CommandError, runCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";

const SHORT_MS = 30_000;

/** What the docker command needs to find its engine. */
export function dockerEnvironment(): Record<string, string> {
  const { DOCKER_HOST, HOME = "/root" } = process.env;
  return { HOME, ...(DOCKER_HOST ? { DOCKER_HOST } : {}) };
}

/** @throws CommandError where there is no such image, or no engine */
export async function findImage(image: string): Promise<void> {
  const inspect = ["image", "inspect", "--format", "{{.Id}}", "--", image];
  await runCommand("docker", inspect, { env: dockerEnvironment(), timeoutMs: SHORT_MS });
}

/** @throws OperatorError `IMAGE_MISSING` */
export async function requireImage(image: string): Promise<void> {
  try {
    await findImage(image);
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    throw new OperatorError("IMAGE_MISSING", `There is no image ${image} here, or no Docker engine.`, {
      remedy: "Make the images with deploy/images.sh build, or bring them with docker load.",
      cause,
    });
  }
}
