import { execFileSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import type { RunOrder, RunReport } from "./run-order.ts";

const REPOSITORY = resolve(import.meta.dirname, "../../..");
const ENGINE = join(REPOSITORY, "libs/backup-engine");
const IMAGE = "appliance/bench-backup";
const ACCOUNT = "backup-account";

/** What one call took: seconds by the clock, CPU seconds of all its processes, peak of memory in MB. */
export interface Taken {
  wall: number;
  cpu: number;
  megabytes: number;
}

/** A host with data to be saved and every program for it, and a server of sftp. */
export interface Site {
  /** A shell script on the host; what it writes. */
  script(text: string): string;
  /** The same, measured. */
  measure(text: string): Taken;
  /** One run of ours. */
  runOnce(order: Partial<RunOrder> & Pick<RunOrder, "action" | "engine" | "target">): RunReport;
  /** The address of the server of sftp, and what its clients must know. */
  sftp: { url: (folder: string) => string; knownHosts: string; key: string };
  remove(): void;
}

const docker = (...args: string[]) =>
  execFileSync("docker", args, {
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: { ...process.env, DOCKER_BUILDKIT: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  }).trim();

/** Both containers are removed with `remove`. */
export function startSite(): Site {
  docker("build", "--quiet", "--tag", "appliance/backup-engine:test", join(ENGINE, "testing"));
  docker("build", "--quiet", "--tag", IMAGE, join(import.meta.dirname));
  const node = dirname(process.execPath);
  const volumes = [`${REPOSITORY}:${REPOSITORY}:ro`, `${node}:/opt/node:ro`].flatMap((one) => ["--volume", one]);
  const limits = ["--ulimit", "nofile=4096:4096", "--hostname", "bench"];
  const host = docker("run", "--detach", "--init", ...limits, ...volumes, IMAGE, "sleep", "infinity");
  const server = docker("run", "--detach", "--init", ...limits, "appliance/backup-engine:test");
  const script = (text: string) => docker("exec", host, "bash", "-ec", text);
  script(PREPARE);
  return {
    script,
    measure: (text) => {
      script(`cat > /tmp/measured <<'END'\n${text}\nEND`);
      const said =
        script(`/usr/bin/time -f '%e %U %S %M' -o /tmp/time bash -e /tmp/measured > /tmp/said 2>&1 || { tail -n 20 /tmp/said >&2; exit 1; }
        cat /tmp/time`);
      const [wall = 0, user = 0, system = 0, kilobytes = 0] = said.split(" ").map(Number);
      return { wall, cpu: user + system, megabytes: kilobytes / 1024 };
    },
    runOnce: (order) => {
      const whole = {
        keyFile: "/root/key.asc",
        hostName: "bench",
        root: "/data",
        state: "/r/s",
        full: false,
        into: "/r/out",
        ...order,
      };
      const file = join(import.meta.dirname, "run-once.ts");
      return JSON.parse(
        docker("exec", host, "/opt/node/node", ...NODE_OPTIONS, file, JSON.stringify(whole)),
      ) as RunReport;
    },
    sftp: connect(server, script),
    remove: () => void docker("rm", "--force", "--volumes", host, server),
  };
}

/** As the images start Node. */
const NODE_OPTIONS = ["--optimize-for-size", "--no-sparkplug", "--max-semi-space-size=1"];

function connect(server: string, script: Site["script"]): Site["sftp"] {
  const address = docker("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", server);
  const publicKey = script("cat /root/.ssh/id_ed25519.pub");
  const home = `/home/${ACCOUNT}`;
  docker(
    "exec",
    server,
    "sh",
    "-c",
    `mkdir -p ${home}/.ssh && echo '${publicKey}' > ${home}/.ssh/authorized_keys && chown -R ${ACCOUNT} ${home}`,
  );
  const hostKey = docker("exec", server, "cat", "/etc/ssh/ssh_host_ed25519_key.pub").split(" ").slice(0, 2).join(" ");
  const knownHosts = `[${address}]:2222 ${hostKey}\n`;
  script(`echo '${knownHosts.trim()}' > /root/.ssh/known_hosts`);
  return {
    url: (folder) => `sftp://${ACCOUNT}@${address}:2222/${folder}`,
    knownHosts,
    key: `${script("cat /root/.ssh/id_ed25519")}\n`,
  };
}

/** A key pair, a key of ssh, a database that runs, and folders. */
const PREPARE = `
  mkdir -p /r/s /data/ecs-storage-vault /data/ecs-pgdump /root/.ssh
  ssh-keygen -q -t ed25519 -N '' -f /root/.ssh/id_ed25519
  gpg --batch --quiet --passphrase '' --quick-gen-key bench rsa3072 default never 2> /dev/null
  gpg --batch --quiet --passphrase '' --quick-add-key "$(gpg --list-keys --with-colons | sed -n 's/^fpr:*\\([0-9A-F]*\\):/\\1/p' | head -n 1)" rsa3072 encr never
  gpg --batch --armor --export-secret-keys > /root/key.asc
  service postgresql start > /dev/null
  for n in $(seq 60); do psql -U postgres -c 'select 1' > /dev/null 2>&1 && break; sleep 0.5; done
  psql -qU postgres -c "CREATE DATABASE ecs TEMPLATE template0 LOCALE 'C.UTF-8'"`;
