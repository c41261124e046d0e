import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Every shell script of the repository, found by its first line. */
function shellScripts(): string[] {
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    encoding: "utf8",
  });
  return listed
    .split("\0")
    .filter((file) => file !== "" && existsSync(file) && /^#!.*\b(ba|da)?sh\b/.test(firstLine(file)));
}

function firstLine(file: string): string {
  return readFileSync(file, "utf8").split("\n", 1)[0] ?? "";
}

it("has no shell script that shellcheck complains about", () => {
  const scripts = shellScripts();
  expect(scripts).toContain("deploy/bootstrap.sh");
  const { stdout } = spawnSync("shellcheck", ["--external-sources", ...scripts], { encoding: "utf8" });
  expect(stdout).toBe("");
});
