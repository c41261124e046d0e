import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const IMAGE = "appliance/queue:test";
const QUEUE_UID = 5010;
const KEYS = 8;

const docker = (...args: string[]) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** The queue's container on a folder, as compose runs it; `redis` talks to it inside the container. */
function startQueue(folder: string, users: string) {
  const mounts = ["--volume", `${folder}:/data`, "--volume", `${users}:/secrets:ro`, "--tmpfs", "/tmp:mode=1777"];
  const id = docker("run", "--detach", "--read-only", "--cap-drop", "ALL", ...mounts, IMAGE).trim();
  return {
    redis: (...args: string[]) => docker("exec", id, "redis-cli", ...args).trim(),
    logs: () => docker("logs", id),
    kill: () => docker("kill", "--signal", "KILL", id),
    remove: () => docker("rm", "--force", id),
  };
}

type Queue = ReturnType<typeof startQueue>;

async function untilAnswers(queue: Queue): Promise<void> {
  await expect.poll(() => ask(queue), { timeout: 20_000, interval: 200 }).toBe("PONG");
}

function ask(queue: Queue): string {
  try {
    return queue.redis("ping");
  } catch {
    return "not yet"; // the container is still starting
  }
}

describe("the queue's container on a file that was damaged", () => {
  let folder: string;
  let users: string;
  let queue: Queue;
  beforeEach(async () => {
    docker("build", "--quiet", "--tag", IMAGE, "--target", "queue", "--file", "compose/images/Dockerfile", ".");
    folder = mkdtempSync(join(tmpdir(), "queue-data-"));
    users = mkdtempSync(join(tmpdir(), "queue-users-"));
    chmodSync(users, 0o755);
    writeFileSync(join(users, "users.acl"), "user default on nopass ~* &* +@all\n");
    execFileSync("chown", ["-R", `${QUEUE_UID}`, folder]);
    queue = startQueue(folder, users);
    await untilAnswers(queue);
    for (let n = 1; n <= KEYS; n++) queue.redis("set", `key${n}`, `value ${n} ${"x".repeat(100)}`);
    queue.kill();
    queue.remove();
  });
  afterEach(() => {
    queue.remove();
    rmSync(folder, { recursive: true });
    rmSync(users, { recursive: true });
  });

  const log = () =>
    join(
      folder,
      "appendonlydir",
      readdirSync(join(folder, "appendonlydir")).find((name) => name.endsWith(".incr.aof"))!,
    );
  const restart = async () => {
    queue = startQueue(folder, users);
    await untilAnswers(queue);
  };

  it("keeps every acknowledged write over a kill", async () => {
    await restart();
    expect(queue.redis("dbsize")).toBe(String(KEYS));
  });

  it("drops only the write that was cut off", async () => {
    truncateSync(log(), readFileSync(log()).length - 20);
    await restart();
    expect(queue.redis("dbsize")).toBe(String(KEYS - 1));
    expect(readdirSync(folder)).toEqual(["appendonlydir"]);
  });

  it("starts empty on one that is damaged in the middle, and keeps it to look at", async () => {
    const text = readFileSync(log(), "latin1");
    const middle = text.indexOf("*3", text.length / 2);
    writeFileSync(log(), `${text.slice(0, middle)}*9${text.slice(middle + 2)}`, "latin1");
    await restart();
    expect(queue.redis("dbsize")).toBe("0");
    expect(queue.logs()).toContain("is damaged");
    expect(readdirSync(folder).some((name) => name.startsWith("damaged-"))).toBe(true);
  });
});
