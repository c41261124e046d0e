import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Target } from "../src/index.ts";
import { describeTree } from "./corpus.ts";
import { BUILD_MS, restored } from "./engine-suite.ts";
import { backUpResticOn, openDuplicity, openRestic } from "./open.ts";
import { ACCOUNT, knownHosts, PLACES, TARGETS } from "./targets.ts";
import { newFolder, startTestHost, type TestHost } from "./test-host.ts";

const POLICY = { daily: 1, weekly: 0, monthly: 0 };

describe("a target that is append-only", { timeout: 240_000 }, () => {
  let host: TestHost;
  let root: string;
  beforeAll(() => {
    host = startTestHost();
    root = newFolder(host, "data");
    writeFileSync(join(root, "dump"), randomBytes(500_000));
  }, BUILD_MS);
  afterAll(() => host.stop());

  const open = (target: Target) => openRestic(host, target, newFolder(host, "state"), { policy: POLICY });
  const source = () => ({ root, paths: ["dump"] });

  const servers: readonly (readonly [string, string, () => Promise<Target>])[] = [
    ["restic's own server", "/srv/rest", () => startRestServer("--append-only")],
    ["rclone's", "/srv/rclone", startRcloneServer],
    ["an account of ssh that may start rclone alone", "/srv/ssh", admitToRclone],
  ];

  it.each(servers)(
    "is proven on %s: backups work, pruning is skipped and said, deletion is refused",
    async (_, place, start) => {
      host.exec("install", "-d", "-m", "777", place);
      const target = await start();
      const engine = await open({ ...target, appendOnly: true });
      const { findings, point } = await engine.backup(source(), { create: true });
      expect(findings).toEqual([]);
      expect(await engine.prune()).toEqual({
        removed: [],
        postponed: expect.stringContaining("append-only") as string,
        findings: [],
      });
      expect(await restored(engine, host, point.id)).toEqual(describeTree(root));
      // The canary is no point.
      expect(host.exec("ls", `${place}/snapshots`).split("\n")).toHaveLength(2);
      expect((await engine.list()).map(({ id }) => id)).toEqual([point.id]);
      expect((await engine.usage()).points).toBe(1);
    },
  );

  it("keeps its canary for the next try, and claims to have removed nothing where nobody said append-only", async () => {
    const aware = await open({ url: "rest:http://127.0.0.1:8083/", appendOnly: true });
    expect((await aware.backup(source())).findings).toEqual([]);
    expect(host.exec("ls", "/srv/rest/snapshots").split("\n")).toHaveLength(3);
    await backUpResticOn(host, "2026-01-10", "rest:http://127.0.0.1:8083/", root);
    const unaware = await open({ url: "rest:http://127.0.0.1:8083/" });
    expect(await unaware.prune()).toEqual({
      removed: [],
      postponed: expect.stringContaining("append-only") as string,
      findings: [],
    });
    expect(await aware.list()).toHaveLength(3);
  });

  it("is found out where the server lets this host delete", async () => {
    const engine = await open({ ...(await startRestServer()), appendOnly: true });
    const { complete, findings } = await engine.backup(source(), { create: true });
    expect(complete).toBe(true);
    expect(findings).toMatchObject([
      { code: "BACKUP_NOT_APPEND_ONLY", message: expect.stringContaining("could delete") as string },
    ]);
    expect(await engine.list()).toHaveLength(1);
  });

  it("backs up over sftp without the right to remove, and says that this proves nothing", async () => {
    host.serve("/usr/sbin/sshd", "-D", "-p", "2226", "-o", "PidFile=none", "-o", `ForceCommand=${WITHOUT_REMOVAL}`);
    await host.listening(2226);
    const { url } = TARGETS.sftp(host, "kept");
    const target = { url: url.replace(":2222", ":2226"), knownHosts: knownHosts(host, 2226), appendOnly: true };
    const engine = await open(target);
    await engine.backup(source(), { create: true });
    const { findings } = await engine.backup(source());
    expect(findings).toMatchObject([{ message: expect.stringContaining("overwrite") as string }]);
    expect((await engine.prune()).postponed).toContain("append-only");
    expect(await restored(engine, host, undefined)).toEqual(describeTree(root));
  });

  it("is not proven by duplicity, which says so", async () => {
    const target = { ...TARGETS.file(host, "duplicity"), appendOnly: true };
    const engine = await openDuplicity(host, target, newFolder(host, "state"));
    const { findings } = await engine.backup(source(), { create: true });
    expect(findings).toMatchObject([{ code: "BACKUP_NOT_APPEND_ONLY" }]);
    expect((await engine.prune()).postponed).toContain("append-only");
    await engine.close();
  });

  /** Each has a port and a folder of its own. */
  async function startRestServer(...options: string[]): Promise<Target> {
    const [port, place] = options.length > 0 ? [8083, "/srv/rest"] : [8084, "/srv/open"];
    host.serve("restic-rest-server", "--no-auth", "--listen", `127.0.0.1:${port}`, "--path", place, ...options);
    await host.listening(port);
    return { url: `rest:http://127.0.0.1:${port}/` };
  }

  async function startRcloneServer(): Promise<Target> {
    host.serve("rclone", "serve", "restic", "--append-only", "--addr", "127.0.0.1:8082", "/srv/rclone");
    await host.listening(8082);
    return { url: "rest:http://127.0.0.1:8082/" };
  }

  async function admitToRclone(): Promise<Target> {
    const key = join(newFolder(host, "ssh"), "key");
    host.exec("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key);
    host.exec("chmod", "644", key);
    const only = `restrict,command="rclone serve restic --stdio --append-only /srv/ssh" ${readFileSync(`${key}.pub`, "utf8")}`;
    const file = join(newFolder(host, "keys"), "authorized_keys");
    writeFileSync(file, only);
    host.exec("install", "-D", "-o", ACCOUNT, "-m", "644", file, `${PLACES.scp}/.ssh/authorized_keys`);
    const url = `rclone+ssh://${ACCOUNT}@127.0.0.1:2224//srv/ssh`;
    return { url, sshKey: readFileSync(key, "utf8"), knownHosts: knownHosts(host, 2224) };
  }
});

/** What of sftp an account can do without: restic renames, and changes the rights of its files. */
const WITHOUT_REMOVAL = "internal-sftp -P remove,rmdir,posix-rename";
