import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { freePorts } from "@appliance/acme/testing";

const run = promisify(execFile);
const IMAGE = "appliance/nginx:test";
const NGINX_UID = 5012;
const REPOSITORY = join(import.meta.dirname, "../../..");

export const docker = async (...args: string[]): Promise<string> =>
  (await run("docker", args, { timeout: 180_000 })).stdout.trim();

/** nginx of the appliance in a container, with folders of its own below `root`. */
export interface NginxContainer {
  root: string;
  httpPort: number;
  httpsPort: number;
  stop(): Promise<void>;
  start(): Promise<void>;
  remove(): Promise<void>;
}

/** A site that shows who was let in, in place of config-agent's. */
const SITE = `
server {
  listen 8080 default_server;
  include /etc/nginx/appliance/acme.conf;
  location / { return 404; }
}
server {
  listen 8443 ssl default_server;
  ssl_certificate tls/server.crt;
  ssl_certificate_key tls/server.key;
  location / { default_type text/plain; return 200 "$ssl_client_verify\\n"; }
}
`;

/** Ports of 127.0.0.1, free ones unless said, which stay the same over a stop. */
export async function startNginx(ports: { http?: number } = {}): Promise<NginxContainer> {
  await docker("build", "--quiet", "--tag", IMAGE, join(REPOSITORY, "compose/images/nginx"));
  const name = `cert-agent-nginx-${randomBytes(4).toString("hex")}`;
  const root = mkdtempSync(join(tmpdir(), `${name}-`));
  const at = (folder: string) => join(root, folder);
  chmodSync(root, 0o755);
  for (const folder of ["site", "tls", "upstream", "state", "status", "acme"]) mkdirSync(at(folder));
  chownSync(at("state"), NGINX_UID, NGINX_UID);
  mkdirSync(at("site/gen-1"));
  writeFileSync(at("site/gen-1/site.conf"), SITE);
  const read = ["site", "tls", "upstream"].map((part) => `${at(part)}:/etc/appliance/nginx/${part}:ro`);
  const others = [
    `${at("state")}:/var/lib/appliance-nginx/state`,
    `${at("status")}:/var/lib/appliance/status:ro`,
    `${at("acme")}:/var/lib/appliance-acme:ro`,
  ];
  const volumes = [...read, ...others].map((volume) => `--volume=${volume}`);
  const hardened = ["--read-only", "--cap-drop=ALL", "--tmpfs=/tmp:size=64m,mode=1777"];
  const [httpsPort = 0, free = 0] = await freePorts(2);
  const httpPort = ports.http ?? free;
  const published = [`--publish=127.0.0.1:${httpPort}:8080`, `--publish=127.0.0.1:${httpsPort}:8443`];
  await docker("run", "--detach", `--name=${name}`, ...hardened, ...volumes, ...published, IMAGE);
  return {
    root,
    httpPort,
    httpsPort,
    stop: async () => void (await docker("stop", "--time", "5", name)),
    start: async () => void (await docker("start", name)),
    async remove() {
      await docker("rm", "--force", "--volumes", name);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Lets nginx take up the site; it needs a certificate first. */
export function serveSite({ root }: NginxContainer): void {
  symlinkSync("gen-1", join(root, "site/current"));
}

export function readState({ root }: NginxContainer): { generation: string; ok: boolean; serving: string } {
  return JSON.parse(readFileSync(join(root, "state/tls.json"), "utf8")) as ReturnType<typeof readState>;
}
