import { randomBytes } from "node:crypto";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { docker, inspect, type DockerOptions } from "./docker.ts";
import { startPostgres, type Postgres } from "./postgres.ts";
import { createVaultKeys, type VaultKeys } from "./vault-keys.ts";

export const DOMAIN = "sample.test";
export const SERVICES = ["ecs.web", "ecs.worker", "ecs.beat", "ecs.smtpd", "redis", "memcached", "pdfas"] as const;
export type Service = (typeof SERVICES)[number];

const COMPOSE_FILE = join(import.meta.dirname, "../compose.yml");
const NETWORKS = ["front", "db", "mail", "app"] as const;
const APP_UID = 5000;
// Characters that YAML, shells and env files like to change.
const PASSWORD = `pa$HOME'"#\\wörd`;

/** One sample application under a random project name, with networks, folders, keys and database of its own. */
export class Group {
  readonly project = `sample-test-${randomBytes(4).toString("hex")}`;
  readonly root = mkdtempSync(join(tmpdir(), "sample-root-"));
  readonly vault = join(this.root, "data/ecs-storage-vault");
  keys!: VaultKeys;
  postgres: Postgres | undefined;
  private databaseUrl = "";

  /** Makes everything around the application and builds its image; starts nothing of it. */
  async prepare() {
    for (const folder of ["ecs-ca", "ecs-gpg", "ecs-storage-vault", "etc"]) this.makeFolder("data", folder);
    for (const folder of ["ecs-cache", "redis"]) this.makeFolder("volatile", folder);
    this.keys = await createVaultKeys();
    await this.keys.writeTo(join(this.root, "data/ecs-gpg"));
    for (const file of ["vault_encrypt.asc", "vault_sign.asc"])
      chownSync(join(this.root, "data/ecs-gpg", file), APP_UID, APP_UID);
    for (const name of NETWORKS) await docker(["network", "create", this.network(name)]);
    await this.startDatabase();
    await this.compose("build", "--quiet");
  }

  network(name: (typeof NETWORKS)[number]) {
    return `${this.project}_${name}`;
  }

  container(service: Service) {
    return `${this.project}_${service}_1`;
  }

  async address(service: Service, network: (typeof NETWORKS)[number]) {
    const template = `{{(index .NetworkSettings.Networks "${this.network(network)}").IPAddress}}`;
    return await inspect(this.container(service), template);
  }

  async compose(...args: string[]) {
    return await docker(["compose", "--project-name", this.project, "--file", COMPOSE_FILE, ...args], {
      env: {
        COMPOSE_COMPATIBILITY: "1",
        APPLIANCE_ROOT: this.root,
        APPLIANCE_PROJECT: this.project,
        APPLIANCE_DOMAIN: DOMAIN,
        ECS_USERSWITCHER_ENABLED: "true",
        ECS_SETTINGS: readFileSync(join(import.meta.dirname, "ecs-settings.py"), "utf8"),
        DATABASE_URL: this.databaseUrl,
        SMTP_URL: "smtp://gateway:2525",
      },
    });
  }

  /** A named operation as update-agent runs it: in a container of its own. */
  async operation(...command: string[]) {
    return await this.compose("run", "--rm", "--no-deps", "-T", "ecs.web", ...command);
  }

  /** As an operator does: `docker exec -i CONTAINER COMMAND`. */
  async exec(service: Service, command: readonly string[], options: DockerOptions = {}) {
    return await docker(["exec", "-i", this.container(service), ...command], options);
  }

  /** Takes away all that `prepare` and the tests have made, as far as it exists. */
  async remove() {
    await this.compose("down", "--timeout", "5", "--remove-orphans");
    const gateway = await docker(["ps", "--all", "--quiet", "--filter", `label=${this.project}`]);
    if (gateway) await docker(["rm", "--force", ...gateway.split("\n")]);
    await this.postgres?.remove();
    for (const name of NETWORKS) await docker(["network", "rm", this.network(name)]);
    await this.keys.remove();
    rmSync(this.root, { recursive: true });
  }

  /** Starts a mail server under the name of the appliance's own, which prints each mail it takes. */
  async startGateway() {
    const place = ["--network", this.network("mail"), "--network-alias", "gateway", "--label", this.project];
    const server = [
      "python3",
      "-m",
      "aiosmtpd",
      "-n",
      "-l",
      "0.0.0.0:2525",
      "-c",
      "aiosmtpd.handlers.Debugging",
      "stdout",
    ];
    return await docker(["run", "--detach", ...place, "appliance/sample:dev", "run", ...server]);
  }

  private makeFolder(...parts: string[]) {
    const folder = join(this.root, ...parts);
    mkdirSync(folder, { recursive: true });
    chownSync(folder, APP_UID, APP_UID);
  }

  private async startDatabase() {
    const network = await inspect(
      this.network("db"),
      "{{(index .IPAM.Config 0).Gateway}} {{(index .IPAM.Config 0).Subnet}}",
    );
    const [gateway = "", subnet = ""] = network.split(" ");
    const folder = mkdtempSync(join(tmpdir(), "sample-postgres-"));
    this.postgres = await startPostgres(folder, gateway, subnet, PASSWORD);
    this.databaseUrl = `postgres://app:${encodeURIComponent(PASSWORD)}@${gateway}:5432/ecs`;
  }
}
