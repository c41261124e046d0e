import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isSystemError } from "@appliance/errors";
import { run } from "../lab/index.ts";

const IMAGE = "appliance/nginx:bench";
const SOURCE = join(import.meta.dirname, "../../compose/images/nginx");
const NGINX_UID = 5012;
const TLS_GID = 5020;
const VERDICT_LIMIT_MS = 30_000;
const LOOK_EVERY_MS = 5;

/** nginx by itself, so that no agent publishes beside the bench. */
export interface NginxAlone {
  /** Where it answers TLS on 127.0.0.1. */
  port: number;
  /** Among containers, where it answers TLS on port 8443. */
  address: string;
  /**
   * Makes these files the next generation.
   * @returns when its link was switched and when nginx reported it in service, by performance.now()
   * @throws Error with nginx' reason when it refuses them
   */
  publish(part: "site" | "tls", files: Record<string, string>): Promise<{ switchedAt: number; servedAt: number }>;
  remove(): Promise<void>;
}

export async function startNginxAlone(): Promise<NginxAlone> {
  await docker("build", "--quiet", "--tag", IMAGE, SOURCE);
  const name = `nginx-bench-${randomBytes(4).toString("hex")}`;
  const root = mkdtempSync(join(tmpdir(), `${name}-`));
  chmodSync(root, 0o755);
  for (const folder of ["site", "tls", "state"]) mkdirSync(join(root, folder));
  chownSync(join(root, "state"), NGINX_UID, NGINX_UID);
  await docker("run", "--detach", `--name=${name}`, ...containerOptions(root), IMAGE);
  let count = 0;
  return {
    port: Number((await docker("port", name, "8443/tcp")).split(":").at(-1)),
    address: await docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", name),
    async publish(part, files) {
      const generation = `gen-${(count += 1)}`;
      const switchedAt = writeGeneration(join(root, part), generation, files);
      await verdict(join(root, "state", `${part}.json`), generation);
      return { switchedAt, servedAt: performance.now() };
    },
    async remove() {
      await docker("rm", "--force", "--volumes", name);
      rmSync(root, { recursive: true });
    },
  };
}

const docker = async (...args: string[]) => (await run("docker", args)).stdout.trim();

/** As in compose.yml. */
function containerOptions(root: string): string[] {
  const at = (folder: string) => join(root, folder);
  return [
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--tmpfs=/tmp:size=64m,mode=1777",
    "--publish=127.0.0.1::8443",
    `--volume=${at("site")}:/etc/appliance/nginx/site:ro`,
    `--volume=${at("tls")}:/etc/appliance/nginx/tls:ro`,
    `--volume=${at("state")}:/var/lib/appliance-nginx/state`,
  ];
}

/** @returns when the link was switched */
function writeGeneration(folder: string, generation: string, files: Record<string, string>): number {
  mkdirSync(join(folder, generation));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(join(folder, generation, name), text, { mode: 0o640 });
    chownSync(join(folder, generation, name), 0, TLS_GID);
  }
  symlinkSync(generation, join(folder, "current.new"));
  const switchedAt = performance.now();
  renameSync(join(folder, "current.new"), join(folder, "current"));
  return switchedAt;
}

async function verdict(file: string, generation: string): Promise<void> {
  for (const end = performance.now() + VERDICT_LIMIT_MS; performance.now() < end; await sleep(LOOK_EVERY_MS)) {
    const report = readReport(file);
    if (report?.generation !== generation) continue;
    if (report.ok) return;
    throw new Error(`nginx refused ${generation}: ${report.error}`);
  }
  throw new Error(`nginx said nothing about ${generation}`);
}

function readReport(file: string): { generation: string; ok: boolean; error: string | null } | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as { generation: string; ok: boolean; error: string | null };
  } catch (error) {
    if (isSystemError(error, "ENOENT")) return undefined;
    throw error;
  }
}
