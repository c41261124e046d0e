import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { applianceOn, type ApplianceOn } from "../../../deploy/test/support/appliance-on.ts";
import { startStorage, type Storage } from "../../../deploy/test/support/storage.ts";
import { run, startHost, type Host } from "../../lab/index.ts";
import { plain, type Figure } from "../figure.ts";
import { ownImages } from "../own-images.ts";

const NAME = "recovery.test";
const DOCUMENTS = 200;
const DOCUMENT_BYTES = 5_000_000;

/** A gigabyte of documents, handed in at the sample application: saved over sftp, proven by a drill, lost, and back on a bare host. */
export async function recovery(): Promise<Figure[]> {
  const images = await ownImages();
  const hosts: Host[] = [];
  const started = (host: Host) => {
    hosts.push(host);
    return host;
  };
  try {
    const storage = await startStorage("bench-storage");
    started(storage.host);
    const before = started(await startHost({ name: "bench-before", images }));
    const after = started(await startHost({ name: "bench-after", images }));
    const env = await makeEnv(storage);
    const saved = await save(before, env);
    await before.exec(["systemctl", "stop", "docker.socket", "docker"]);
    return [...saved, ...(await recover(after, env))];
  } finally {
    await Promise.all(hosts.map((host) => host.remove()));
  }
}

async function save(host: Host, env: string): Promise<Figure[]> {
  const appliance = applianceOn(host, NAME);
  await appliance.carry(env);
  await appliance.bootstrap("--create-database");
  await appliance.handIn(DOCUMENTS, DOCUMENT_BYTES);
  const { stdout } = await host.exec(["sh", "-c", "du -sb /data/ecs-storage-vault | cut -f 1; nproc"]);
  const [bytes = "0", cores = "0"] = stdout.split("\n");
  return [
    plain("documents, in the vault", `${(Number(bytes) / 1e6).toFixed(0)} MB, ${cores} cores`),
    plain("`appliance backup run`, the first, over sftp", seconds(await timed(appliance, "backup", "run"))),
    plain("`appliance backup run` without any change", seconds(await timed(appliance, "backup", "run"))),
    plain("`appliance backup drill`", seconds(await timed(appliance, "backup", "drill"))),
  ];
}

async function recover(host: Host, env: string): Promise<Figure[]> {
  const appliance = applianceOn(host, NAME);
  await appliance.carry(env);
  const startedAt = performance.now();
  await appliance.bootstrap();
  const bootstrapped = (performance.now() - startedAt) / 1000;
  const recoveredAt = performance.now();
  const command = await timed(appliance, "recover", "--yes-i-am-sure");
  await appliance.waitForPage();
  const answered = (performance.now() - recoveredAt) / 1000;
  return [
    plain("`bootstrap.sh` on the bare host, engine and images already there", seconds(bootstrapped)),
    plain("`appliance recover` there", seconds(command)),
    plain("from `recover` to the first page that the application served", seconds(answered)),
  ];
}

const seconds = (value: number) => `${value.toFixed(0)} s`;

/** @throws Error with its words when the command fails */
async function timed(appliance: ApplianceOn, ...args: string[]): Promise<number> {
  const startedAt = performance.now();
  const { code, stdout, stderr } = await appliance.command(...args);
  if (code !== 0) throw new Error(`appliance ${args.join(" ")} ended with ${code}\n${stdout}${stderr}`);
  return (performance.now() - startedAt) / 1000;
}

async function makeEnv({ url, knownHosts }: Storage): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "bench-recovery-"));
  try {
    const [env, extra] = [join(folder, "env.yml"), join(folder, "extra.yml")];
    const backup = { url: url("backups"), known_hosts: knownHosts };
    const settings = {
      appliance: { ssl: { letsencrypt: { enabled: false } }, backup },
      ecs: { userswitcher: { enabled: true } },
    };
    writeFileSync(extra, JSON.stringify(settings));
    await run("tools/appliance", ["env", "create", NAME, env, "--sample", "--extra", extra]);
    return readFileSync(env, "utf8");
  } finally {
    rmSync(folder, { recursive: true });
  }
}
