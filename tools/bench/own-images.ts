import { run } from "../lab/index.ts";

const LIMIT_MS = 3_600_000;

/** The images of this checkout, built here if need be. */
export async function ownImages(): Promise<string[]> {
  await run("deploy/base-image.sh", []);
  await run("deploy/images.sh", ["build"], { timeoutMs: LIMIT_MS });
  return (await run("deploy/images.sh", ["list"])).stdout.trim().split("\n");
}
