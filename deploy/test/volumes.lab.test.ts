import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "../../tools/lab/index.ts";
import { applianceImages } from "./support/images.ts";

const CHECKOUT = "/root/checkout";
const DATABASE = "appliance-database-1";
const SOON = { timeout: 240_000, interval: 1_000 };
const THIRTY_MINUTES_MS = 1_800_000;

const onThisMachine = (program: string, ...args: string[]) => execFileSync(program, args, { encoding: "utf8" }).trim();

/** A disk that is plugged into a virtual host at its boot, as udev does it elsewhere: a node and a link by its label. */
const plugUnit = (loop: string) => `[Unit]
DefaultDependencies=no
Before=data.mount sysinit.target
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'mknod /dev/${loop} b 7 ${loop.slice(4)}; mkdir -p /dev/disk/by-label; ln -sfn ../../${loop} /dev/disk/by-label/ecs-data'
[Install]
WantedBy=sysinit.target
`;

describe("a host whose data is a volume of its own", () => {
  const folder = mkdtempSync(join(tmpdir(), "volumes-"));
  let host: Host;
  let loop: string;
  const sh = async (script: string) =>
    (await host.exec(["sh", "-c", script], { allowFailure: true, timeoutMs: 300_000 })).stdout.trim();
  const page = () =>
    sh(
      `curl -sk -m 10 -o /dev/null -w '%{http_code}' --resolve ${host.domain}:443:127.0.0.1 https://${host.domain}/health/`,
    );
  const status = () => sh("appliance status --json");

  beforeAll(async () => {
    onThisMachine("truncate", "--size=2G", join(folder, "disk"));
    loop = basename(onThisMachine("losetup", "--find", "--show", join(folder, "disk")));
    onThisMachine("mkfs.ext4", "-q", "-L", "ecs-data", `/dev/${loop}`);
    host = await startHost({ name: "volumes", images: applianceImages(), loopDevices: true });
    await host.copyIn(process.cwd(), CHECKOUT);
    const bootstrap = [`${CHECKOUT}/deploy/bootstrap.sh`, "--yes", "--sample", "--domain", host.domain];
    await host.exec(bootstrap, { timeoutMs: THIRTY_MINUTES_MS });
    await host.exec(["sh", "-c", "cat > /etc/systemd/system/plug.service"], { input: plugUnit(loop) });
  });
  afterAll(async () => {
    await host?.remove();
    if (loop) onThisMachine("losetup", "--detach", `/dev/${loop}`);
    rmSync(folder, { recursive: true });
  });

  it("says that the disk is missing, and keeps what runs, when env.yml asks for one that is not there", async () => {
    await sh("cp /app/env.yml /root/env.yml; sed -i 's/^\\( *\\)data: true/\\1data: false/' /app/env.yml");
    expect(await sh("appliance apply 2>&1")).toContain("STORAGE_ABSENT");
    expect(await page()).toBe("200");
  });

  it("moves to the volume while it runs, with what was copied there", async () => {
    await sh("systemctl daemon-reload; systemctl enable --now plug.service");
    const dryRun = await sh("appliance apply --dry-run");
    expect(dryRun).toMatch(new RegExp(`Mount /dev/${loop}, labelled ecs-data, on /data, now and at each boot`));
    expect(dryRun).toContain("database");
    await sh(
      `docker stop ${DATABASE}; mount /dev/${loop} /mnt && cp -a /data/. /mnt/ && touch /mnt/kept && umount /mnt`,
    );
    await sh("appliance apply");
    await expect.poll(page, SOON).toBe("200");
    expect(await sh("findmnt -no SOURCE /data; ls /data/kept")).toBe(`/dev/${loop}\n/data/kept`);
    expect(await sh(`docker exec ${DATABASE} grep ' /var/lib/postgresql ' /proc/mounts`)).toContain(`/dev/${loop}`);
    expect(await sh("appliance apply")).toContain("Nothing to do");
  });

  it("has it after a reboot, mounted by systemd before the engine", async () => {
    await host.reboot();
    await expect.poll(page, SOON).toBe("200");
    expect(await sh("systemctl is-active data.mount; ls /data/kept")).toBe("active\n/data/kept");
    expect(await sh("systemctl show --property=After --value docker.service")).toContain("data.mount");
  });

  it("starts nothing on the folder below when the disk is missing, and says so", async () => {
    await sh("systemctl disable plug.service");
    await host.reboot();
    await expect.poll(status, SOON).toContain("STORAGE_ABSENT");
    expect(await page()).toBe("503");
    expect(await sh(`curl -sk https://127.0.0.1/`)).toContain("ecs-data");
    expect(await sh("ls /data/kept; docker ps --format '{{.Names}}' | grep -E 'ecs_|database'")).toBe("");
  });

  it("does not let the database be started by hand on the older data in that folder either", async () => {
    expect(await sh("cat /data/postgresql/.appliance-data")).toContain("of the host");
    expect(await sh(`docker start ${DATABASE}; docker wait ${DATABASE}`)).toBe(`${DATABASE}\n78`);
  });

  it("is in service again with its data once the disk is back", async () => {
    await sh("systemctl enable --now plug.service");
    await host.exec(["appliance", "start"], { timeoutMs: 300_000 });
    await expect.poll(page, SOON).toBe("200");
    expect(await sh("ls /data/kept")).toBe("/data/kept");
  });

  it("goes back to the folder of the root file system, and stays there, when env.yml no longer asks for it", async () => {
    await sh("cp /root/env.yml /app/env.yml; appliance apply");
    await expect.poll(page, SOON).toBe("200");
    expect(await sh("findmnt /data; ls /data/kept /etc/systemd/system/data.mount")).toBe("");
    expect(await sh("appliance apply")).toContain("Nothing to do");
  });
});
