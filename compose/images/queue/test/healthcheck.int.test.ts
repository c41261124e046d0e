import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, expect, it } from "vitest";

const IMAGE = "appliance/queue:test";
const QUEUE_UID = 5010;

const docker = (...args: string[]) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }).trim();

let folder: string;
let id: string;
beforeAll(() => {
  docker("build", "--quiet", "--tag", IMAGE, "--target", "queue", "--file", "compose/images/Dockerfile", ".");
});
afterEach(() => {
  docker("rm", "--force", id);
  rmSync(folder, { recursive: true });
});

/** What the image's own health check comes to, 0 is well, beside a Redis with these users that has started. */
async function checkWith(users: string): Promise<number | null> {
  folder = mkdtempSync(join(tmpdir(), "queue-"));
  chmodSync(folder, 0o755);
  writeFileSync(join(folder, "users.acl"), users);
  chownSync(folder, QUEUE_UID, QUEUE_UID);
  const mounts = ["--volume", `${folder}:/data`, "--volume", `${folder}:/secrets:ro`, "--tmpfs", "/tmp:mode=1777"];
  id = docker("run", "--detach", "--read-only", "--cap-drop", "ALL", ...mounts, IMAGE);
  await expect.poll(() => docker("logs", id), { timeout: 20_000 }).toContain("Ready to accept connections");
  const [, ...check] = JSON.parse(docker("inspect", "--format", "{{json .Config.Healthcheck.Test}}", id)) as string[];
  return spawnSync("docker", ["exec", id, ...check]).status;
}

it("is well where Redis answers the user that may ask nothing else", async () => {
  expect(await checkWith("user default off\nuser health on nopass resetkeys resetchannels -@all +ping\n")).toBe(0);
});

it("is not well where Redis answers, but with a refusal", async () => {
  expect(await checkWith("user default off\nuser other on nopass ~* +@all\n")).not.toBe(0);
});
