import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runCommand } from "@appliance/command";

export type Part = "site" | "tls" | "upstream";

export interface PartState {
  generation: string;
  ok: boolean;
  error: string | null;
  serving: string | null;
}

const IMAGE = "appliance/nginx:test";
const NGINX_UID = 5012;
const TLS_GID = 5020;
const REPOSITORY = join(import.meta.dirname, "../../../..");

export const docker = async (...args: string[]) =>
  (await runCommand("docker", args, { timeoutMs: 120_000 })).stdout.trim();

export const buildNginxImage = () =>
  docker("build", "--quiet", "--tag", IMAGE, join(REPOSITORY, "compose/images/nginx"));

/** nginx' image as compose runs it, with folders of its own and a network where `ecs.web` can be. */
export async function startNginx() {
  const name = `nginx-test-${randomBytes(4).toString("hex")}`;
  const root = mkdtempSync(join(tmpdir(), `${name}-`));
  const at = (...parts: string[]) => join(root, ...parts);
  for (const folder of ["site", "tls", "upstream", "state", "status", "acme"]) mkdirSync(at(folder));
  chmodSync(root, 0o755);
  chownSync(at("state"), NGINX_UID, NGINX_UID);
  await docker("network", "create", name);
  await runContainer(name, at);
  let ports = await publishedPorts(name);
  let generations = 0;

  const stateOf = (part: Part): PartState | undefined => {
    try {
      return JSON.parse(readFileSync(at("state", `${part}.json`), "utf8")) as PartState;
    } catch {
      return undefined; // not written yet
    }
  };

  /** Writes a generation as its owner would, and switches to it. */
  const publish = (part: Part, files: Record<string, string>): string => {
    const generation = `gen-${(++generations).toString().padStart(4, "0")}`;
    mkdirSync(at(part, generation));
    for (const [file, text] of Object.entries(files)) writeFileSync(at(part, generation, file), text, { mode: 0o640 });
    for (const file of Object.keys(files)) chownSync(at(part, generation, file), 0, TLS_GID);
    switchTo(part, generation);
    return generation;
  };

  const switchTo = (part: Part, target: string) => {
    symlinkSync(target, at(part, "current.new"));
    renameSync(at(part, "current.new"), at(part, "current"));
  };

  /** nginx' word on a generation. */
  const verdict = async (part: Part, generation: string, timeoutMs = 15_000) => {
    const startedAt = performance.now();
    while (performance.now() - startedAt < timeoutMs) {
      const state = stateOf(part);
      if (state?.generation === generation) return state;
      await sleep(10);
    }
    throw new Error(`no word on ${part} ${generation}: ${await docker("logs", "--tail", "20", name)}`);
  };

  return {
    name,
    at,
    stateOf,
    publish,
    switchTo,
    verdict,
    httpPort: () => ports.http,
    httpsPort: () => ports.https,
    publishAndWait: (part: Part, files: Record<string, string>) => verdict(part, publish(part, files)),
    /** Ends the container by a signal, or restarts it; the engine publishes other ports afterwards. */
    async restart(signal: "KILL" | "TERM" = "TERM") {
      await docker("kill", "--signal", signal, name);
      await ended(name);
      await docker("start", name);
      ports = await publishedPorts(name);
    },
    exec: (...command: string[]) => docker("exec", name, ...command),
    async remove() {
      await docker("rm", "--force", "--volumes", name);
      await docker("network", "rm", name);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

export type Nginx = Awaited<ReturnType<typeof startNginx>>;

async function runContainer(name: string, at: (...parts: string[]) => string) {
  const hardened = [
    "--read-only",
    "--cap-drop=ALL",
    "--security-opt=no-new-privileges",
    "--tmpfs=/tmp:size=64m,mode=1777",
  ];
  const mounts = [
    ...(["site", "tls", "upstream"] as const).map((part) => `${at(part)}:/etc/appliance/nginx/${part}:ro`),
    `${at("state")}:/var/lib/appliance-nginx/state`,
    `${at("status")}:/var/lib/appliance/status:ro`,
    `${at("acme")}:/var/lib/appliance-acme:ro`,
  ].map((mount) => `--volume=${mount}`);
  const ports = ["--publish=127.0.0.1::8080", "--publish=127.0.0.1::8443"];
  const limits = ["--memory=256m", "--pids-limit=64"];
  await docker(
    "run",
    "--detach",
    `--name=${name}`,
    `--network=${name}`,
    ...hardened,
    ...limits,
    ...mounts,
    ...ports,
    IMAGE,
  );
}

/** Waits until the container has ended. @returns its exit code */
export async function ended(name: string): Promise<number> {
  try {
    return Number((await runCommand("docker", ["wait", name], { timeoutMs: 20_000 })).stdout);
  } catch (error) {
    throw new Error(`still running: ${await docker("top", name)} ${await docker("logs", "--tail", "30", name)}`, {
      cause: error,
    });
  }
}

async function publishedPorts(name: string) {
  const portOf = async (inside: number) => Number((await docker("port", name, `${inside}/tcp`)).split(":").at(-1));
  return { http: await portOf(8080), https: await portOf(8443) };
}

/** Starts an application that echoes, as `ecs.web` in nginx' network. @returns the name of its container */
export async function startEcho(nginx: Nginx, address?: string): Promise<string> {
  const name = `${nginx.name}-echo-${randomBytes(2).toString("hex")}`;
  const where = [`--network=${nginx.name}`, "--network-alias=ecs.web", ...(address ? [`--ip=${address}`] : [])];
  const mounts = [
    `--volume=${process.execPath}:/node:ro`,
    `--volume=${join(import.meta.dirname, "echo-upstream.ts")}:/echo-upstream.ts:ro`,
  ];
  await docker(
    "run",
    "--detach",
    "--init",
    `--name=${name}`,
    ...where,
    ...mounts,
    "debian:trixie-slim",
    "/node",
    "/echo-upstream.ts",
  );
  return name;
}
