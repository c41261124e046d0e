import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { run } from "./process.ts";

/** A tar of the files that git knows or would add: what a clone after the next commit holds. */
export async function tarOfCheckout(dir: string): Promise<Readable> {
  const { stdout } = await run("git", ["-C", dir, "ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(dir, file)));
  const tar = spawn("tar", ["-C", dir, "--owner=0", "--group=0", "--null", "--files-from=-", "-c"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  Readable.from([files.join("\0")]).pipe(tar.stdin);
  return tar.stdout;
}
