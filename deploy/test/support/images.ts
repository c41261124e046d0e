import { execFileSync } from "node:child_process";

/** The images of this checkout, which `tools/test` has built: what a host gets that has no network to build them. */
export function applianceImages(): string[] {
  return execFileSync("deploy/images.sh", ["list"], { encoding: "utf8" }).trim().split("\n");
}
