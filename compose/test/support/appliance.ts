import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request, type RequestOptions } from "node:https";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { run, waitFor, type RunResult } from "../../../tools/lab/index.ts";
import { tarOfCheckout } from "../../../tools/lab/checkout.ts";
import { inspectAll, lines, type Inspected } from "./docker.ts";
import { freePorts, freeSubnet } from "./free.ts";
import { removeLeftovers, removeOwned } from "./leftovers.ts";
import { ownName } from "./owner.ts";

const REPOSITORY = resolve(import.meta.dirname, "../../..");
const MAIN = join(REPOSITORY, "apps/cli/src/main.ts");

export const DOMAIN = "appliance.test";
/** Generous: the machine may be at other work as well. */
export const SOON_MS = 180_000;
const LAST_LINES = 20;

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
}

/** `appliance status --json`, as far as these tests look. */
export interface Overview {
  status: {
    phase: string;
    headline: string;
    hint?: string;
    failure?: { code: string; message: string; remedy: string };
  };
  source: "agent" | "files" | "none";
}

/**
 * One whole appliance in a plain checkout of its own: a copy of the working tree, whose .env gives it project names, subnets
 * and ports of its own, and a root folder. /run of the root is a small file system in memory, as it is on a host.
 */
export class Appliance {
  readonly core = ownName();
  readonly application = `${this.core}-app`;
  readonly folder = join(tmpdir(), this.core);
  readonly checkout = join(this.folder, "checkout");
  readonly root = join(this.folder, "root");
  httpsPort = 0;
  httpPort = 0;
  agentPorts = { "config-agent": 0, "update-agent": 0, "cert-agent": 0, "backup-agent": 0 };
  version = process.env["APPLIANCE_TEST_VERSION"] ?? "";

  /** Makes checkout and root; starts nothing. */
  async prepare(): Promise<void> {
    await removeLeftovers();
    this.version ||= execFileSync(join(REPOSITORY, "deploy/images.sh"), ["version"], { encoding: "utf8" }).trim();
    mkdirSync(this.checkout, { recursive: true });
    await unpack(await tarOfCheckout(REPOSITORY), this.checkout);
    mkdirSync(join(this.root, "run"), { recursive: true });
    await run("mount", ["-t", "tmpfs", "-o", "size=2m,mode=755", "tmpfs", join(this.root, "run")]);
    await this.writeSettings();
  }

  private async writeSettings(): Promise<void> {
    const [http = 0, https = 0, config = 0, update = 0, cert = 0, backup = 0] = await freePorts(6);
    [this.httpPort, this.httpsPort] = [http, https];
    this.agentPorts = { "config-agent": config, "update-agent": update, "cert-agent": cert, "backup-agent": backup };
    const settings = {
      COMPOSE_FILE: "compose.yml:compose.override.yml",
      COMPOSE_PROJECT_NAME: this.core,
      APPLICATION_PROJECT: this.application,
      APPLIANCE_ROOT: this.root,
      APPLIANCE_VERSION: this.version,
      APPLIANCE_SUBNET: await freeSubnet(),
      APPLIANCE_HTTP_PORT: http,
      APPLIANCE_HTTPS_PORT: https,
      APPLIANCE_CONFIG_AGENT_PORT: config,
      APPLIANCE_UPDATE_AGENT_PORT: update,
      APPLIANCE_CERT_AGENT_PORT: cert,
      APPLIANCE_BACKUP_AGENT_PORT: backup,
    };
    const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(this.checkout, "compose/.env"), text.join(""));
  }

  async remove(): Promise<void> {
    await removeOwned((name) => name.startsWith(this.core));
  }

  /** `docker compose ARGUMENT…` in the checkout, as its operator types it. */
  async compose(...args: string[]): Promise<string> {
    return (await run("env", [`--chdir=${this.checkout}/compose`, "docker", "compose", ...args])).stdout;
  }

  /** `appliance ARGUMENT…`, whatever its exit code. */
  cli(...args: string[]): Promise<RunResult> {
    const options = { allowFailure: true, timeoutMs: 600_000 };
    return run("env", [`APPLIANCE_CHECKOUT=${this.checkout}`, process.execPath, MAIN, ...args], options);
  }

  /** `appliance ARGUMENT…`, which is to end well. @returns both streams */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.cli(...args);
    if (code !== 0) throw new Error(`appliance ${args.join(" ")} ended with ${code}\n${stdout}${stderr}`);
    return stdout + stderr;
  }

  async status(): Promise<Overview> {
    return JSON.parse((await this.cli("status", "--json")).stdout) as Overview;
  }

  path(path: string): string {
    return join(this.root, path);
  }

  read(path: string): Buffer {
    return readFileSync(this.path(path));
  }

  exists(path: string): boolean {
    return existsSync(this.path(path));
  }

  discard(path: string): void {
    rmSync(this.path(path), { recursive: true, force: true });
  }

  writeEnv(text: string): void {
    writeFileSync(this.path("app/env.yml"), text, { mode: 0o600 });
  }

  readEnv(): string {
    return this.read("app/env.yml").toString("utf8");
  }

  /** Changes env.yml by a text that must be there. */
  editEnv(from: string, to: string): void {
    const text = this.readEnv();
    if (!text.includes(from)) throw new Error(`env.yml has no ${JSON.stringify(from)}`);
    this.writeEnv(text.replace(from, () => to));
  }

  /** Changes a comment in ecs:settings, for which the application's containers have to be replaced. @returns the comment */
  changeSettings(): string {
    const mark = `# change ${randomUUID()}`;
    this.writeEnv(
      this.readEnv().replace(/( +)DEBUG = False.*/, (_, indent: string) => `${indent}DEBUG = False  ${mark}`),
    );
    return mark;
  }

  /** What a browser gets for a path. 0 when nothing answered. */
  ask(path: string, options: RequestOptions = {}): Promise<Answer> {
    const host = { host: `${DOMAIN}:${this.httpsPort}` };
    return new Promise((answer) => {
      const req = request(
        {
          host: "127.0.0.1",
          port: this.httpsPort,
          servername: DOMAIN,
          rejectUnauthorized: false,
          agent: false,
          path,
          headers: host,
          ...options,
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on("data", (part: Buffer) => parts.push(part));
          response.on("error", () => answer({ status: 0, headers: {}, text: "" }));
          response.on("end", () =>
            answer({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: Buffer.concat(parts).toString("utf8"),
            }),
          );
        },
      );
      req.setTimeout(30_000, () => req.destroy());
      req.on("error", () => answer({ status: 0, headers: {}, text: "" }));
      req.end();
    });
  }

  async serves(): Promise<boolean> {
    return (await this.ask("/login/")).status === 200;
  }

  async waitUntilServing(timeoutMs = SOON_MS): Promise<void> {
    await waitFor("the application to be served and the status to be ready", timeoutMs, async () => {
      return (await this.serves()) && (await this.status()).status.phase === "ready";
    });
  }

  /** All containers of both projects. */
  async containers(): Promise<Map<string, Inspected>> {
    const found = new Map<string, Inspected>();
    for (const project of [this.core, this.application]) {
      const names = await lines(["ps", "--all", "--quiet", "--filter", `label=com.docker.compose.project=${project}`]);
      for (const one of await inspectAll(names))
        found.set(one.Config.Labels["com.docker.compose.service"] ?? one.Name, one);
    }
    return found;
  }

  async container(service: string): Promise<Inspected> {
    const found = (await this.containers()).get(service);
    if (!found) throw new Error(`there is no container of ${service}`);
    return found;
  }

  /** Ends a container's first process as a crash does; `docker kill` would keep the engine from starting it again. */
  async crash(service: string): Promise<void> {
    const { State } = await this.container(service);
    if (State.Running) process.kill(State.Pid, "SIGKILL");
  }

  /** Both streams of a container, complete. */
  async logs(service: string): Promise<string> {
    const { stdout, stderr } = await run("docker", ["logs", (await this.container(service)).Id]);
    return stdout + stderr;
  }

  /** The end of a container's log, for the message of a test that fails. */
  async lastLines(service: string): Promise<string> {
    return (await this.logs(service)).trimEnd().split("\n").slice(-LAST_LINES).join("\n");
  }
}

async function unpack(tar: NodeJS.ReadableStream, folder: string): Promise<void> {
  const child = spawn("tar", ["-C", folder, "-x"], { stdio: ["pipe", "inherit", "inherit"] });
  const ended = once(child, "close");
  await pipeline(tar, child.stdin);
  const [code] = (await ended) as [number];
  if (code !== 0) throw new Error(`tar ended with ${code}`);
}
