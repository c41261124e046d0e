import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const IMAGE = "appliance/database:test";
const DATABASE_UID = 5011;

const docker = (...args: string[]) =>
  execFileSync("docker", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });

/** Both streams. */
const logsOf = (id: string) => execFileSync("sh", ["-c", 'docker logs "$1" 2>&1', "sh", id], { encoding: "utf8" });

describe("the database's container", () => {
  let root: string;
  let id: string | undefined;
  const folder = (name: string) => join(root, name);
  const start = () => {
    const mounts = [
      `${folder("data")}:/var/lib/postgresql`,
      `${folder("settings")}:/etc/appliance/database:ro`,
      `${folder("socket")}:/run/postgresql`,
    ].flatMap((mount) => ["--volume", mount]);
    const hardened = [
      "--read-only",
      "--cap-drop",
      "ALL",
      "--security-opt",
      "no-new-privileges",
      "--tmpfs",
      "/tmp:mode=1777",
    ];
    return docker("run", "--detach", ...hardened, "--env", "DATABASE_LOCALE=de_AT.UTF-8", ...mounts, IMAGE).trim();
  };
  const query = async <T>(sql: string): Promise<T[]> => {
    const client = new Client({ host: folder("socket"), user: "postgres", database: "postgres" });
    await client.connect();
    try {
      return (await client.query(sql)).rows as T[];
    } finally {
      await client.end();
    }
  };

  beforeAll(() => {
    docker("build", "--quiet", "--tag", IMAGE, "--target", "database", "--file", "compose/images/Dockerfile", ".");
    root = mkdtempSync(join(tmpdir(), "database-"));
    for (const name of ["data", "settings/gen-1", "socket"]) mkdirSync(folder(name), { recursive: true });
    symlinkSync("gen-1", folder("settings/current"));
    writeFileSync(folder("settings/current/appliance.conf"), "work_mem = '5MB'\n");
    execFileSync("chown", ["-R", `${DATABASE_UID}`, root]);
    execFileSync("chmod", ["711", root]);
  });
  afterAll(() => {
    if (id) docker("rm", "--force", id);
    rmSync(root, { recursive: true });
  });

  it("makes no cluster in a folder that the storage step did not mark", () => {
    const unmarked = start();
    expect(docker("wait", unmarked).trim()).toBe("78");
    expect(execFileSync("docker", ["logs", unmarked], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] })).toBe(
      "",
    );
    docker("rm", unmarked);
  });

  it("makes none either where the marker names another file system than the control state", () => {
    writeFileSync(folder("data/.appliance-data"), "of the host\n");
    writeFileSync(folder("settings/data-marker"), "0f3c\n");
    const foreign = start();
    expect(docker("wait", foreign).trim()).toBe("78");
    expect(logsOf(foreign)).toContain("does not carry the marker that is expected");
    docker("rm", foreign);
  });

  it("makes one with checksums and the locale of env.yml in a marked one, with config-agent's settings", async () => {
    writeFileSync(folder("data/.appliance-data"), "0f3c\n");
    id = start();
    await expect
      .poll(
        () =>
          query("SELECT 1").then(
            () => "up",
            () => "down",
          ),
        { timeout: 60_000 },
      )
      .toBe("up");
    const [found] = await query<{ checksums: string; memory: string; locale: string }>(
      "SELECT current_setting('data_checksums') AS checksums, current_setting('work_mem') AS memory, datcollate AS locale FROM pg_database WHERE datname = 'template0'",
    );
    expect(found).toEqual({ checksums: "on", memory: "5MB", locale: "de_AT.UTF-8" });
  });

  it("has no superuser that could log in over the network", async () => {
    const [rules] = await query<{ rules: string }>(
      "SELECT string_agg(type || ' ' || array_to_string(user_name, ',') || ' ' || auth_method, '; ' ORDER BY rule_number) AS rules FROM pg_hba_file_rules",
    );
    expect(rules?.rules).toBe(
      "local postgres peer; local app peer; local backup peer; local all reject; " +
        "host postgres reject; host backup reject; host all scram-sha-256",
    );
    const [{ rolpassword } = { rolpassword: "" }] = await query<{ rolpassword: string | null }>(
      "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'",
    );
    expect(rolpassword).toBeNull();
  });

  it("ends in order when it is stopped, so that the next start recovers nothing", async () => {
    docker("stop", "--time", "30", id!);
    docker("start", id!);
    await expect
      .poll(
        () =>
          query("SELECT 1").then(
            () => "up",
            () => "down",
          ),
        { timeout: 60_000 },
      )
      .toBe("up");
    expect(logsOf(id!)).not.toContain("not properly shut down");
  });
});
