import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Host, startHost } from "../../tools/lab/index.ts";
import { applianceImages } from "./support/images.ts";

const SOURCE = "/root/source";
/** Where cloud-init reads what a drive `cidata` has; this kernel cannot mount one. */
const SEED = "/var/lib/cloud/seed/nocloud";
const INSTALLED = { timeout: 900_000, interval: 5_000 };

/** A folder of a laptop that has Docker alone. */
function startLaptop() {
  const folder = mkdtempSync(join(tmpdir(), "laptop-"));
  const version = execFileSync("deploy/images.sh", ["version"], { encoding: "utf8" }).trim();
  const docker = ["run", "--rm", "--interactive", "--network", "none", "--volume", `${folder}:/work`];
  return {
    at: (name: string) => join(folder, name),
    appliance: (...args: string[]) =>
      execFileSync("docker", [...docker, `appliance/tools:${version}`, ...args], { encoding: "utf8" }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

/** The files of an image, as cloud-init would find them. */
function filesOf(iso: string, folder: string): void {
  execFileSync("xorriso", ["-osirrox", "on", "-indev", iso, "-extract", "/", folder], { stdio: "ignore" });
}

describe("a bare cloud image with env.yml on a drive", () => {
  const laptop = startLaptop();
  let host: Host;
  let device: string;
  const page = async () => {
    const curl = ["curl", "-sk", "-o/dev/null", "-w%{http_code}", "-m10", "--resolve", `${host.domain}:443:127.0.0.1`];
    return (await host.exec([...curl, `https://${host.domain}/health/`], { allowFailure: true })).stdout;
  };

  beforeAll(async () => {
    host = await startHost({ name: "cloud", images: applianceImages(), loopDevices: true });
    const install = ["apt-get", "-q", "-y", "install", "--no-install-recommends", "cloud-init", "git"];
    await host.exec(["sh", "-c", `apt-get -q update && DEBIAN_FRONTEND=noninteractive ${install.join(" ")}`]);
    await host.copyIn(process.cwd(), SOURCE);
    const identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
    await host.exec(["git", "-C", SOURCE, "init", "--quiet"]);
    await host.exec(["git", "-C", SOURCE, "add", "--all"]);
    await host.exec(["git", "-C", SOURCE, ...identity, "commit", "--quiet", "--message", "sources"]);
  });
  afterAll(async () => {
    await host?.remove();
    if (device) execFileSync("losetup", ["--detach", device]);
    laptop.remove();
  });

  it("is prepared on a laptop with Docker alone: made, printed, thrown away and read back from the paper", () => {
    laptop.appliance("env", "create", host.domain, "env.yml", "--sample");
    const made = readFileSync(laptop.at("env.yml"));
    laptop.appliance("env", "package", "env.yml");
    rmSync(laptop.at("env.yml"));
    mkdirSync(laptop.at("scans"));
    execFileSync("pdftoppm", ["-r", "200", "-gray", "-png", laptop.at("env.yml.pdf"), laptop.at("scans/page")]);
    laptop.appliance("env", "unpackage", "scans", "--out", "env.yml");
    expect(readFileSync(laptop.at("env.yml"))).toEqual(made);
  });

  it("becomes the running appliance at its first boot, without a hand on it", async () => {
    const vendorData = readFileSync("deploy/cloud-init/vendor-data", "utf8");
    writeFileSync(laptop.at("vendor-data"), vendorData.replace(/SOURCE=.*/, `SOURCE=file://${SOURCE}`));
    laptop.appliance("env", "package", "env.yml");
    filesOf(laptop.at("env-cidata.iso"), laptop.at("seed"));
    await host.exec(["mkdir", "-p", SEED]);
    for (const name of ["user-data", "meta-data", "vendor-data"])
      await host.exec(["sh", "-c", `cat > ${SEED}/${name}`], {
        input: readFileSync(laptop.at(`seed/${name}`), "utf8"),
      });
    copyFileSync(laptop.at("env-cidata.iso"), laptop.at("drive.iso"));
    device = execFileSync("losetup", ["--find", "--show", "--read-only", laptop.at("drive.iso")], {
      encoding: "utf8",
    }).trim();
    // The drive is there at each boot, as a real one is; /dev is new every time.
    const node = `[Service]\nExecStartPre=-mknod ${device} b 7 ${device.replace("/dev/loop", "")}\n`;
    await host.exec(
      [
        "sh",
        "-c",
        "mkdir -p /etc/systemd/system/docker.service.d; cat > /etc/systemd/system/docker.service.d/drive.conf",
      ],
      { input: node },
    );
    await host.reboot();
    await expect.poll(page, INSTALLED).toBe("200");
    const { stdout } = await host.exec(["appliance", "status", "--json"]);
    expect(JSON.parse(stdout).status.env.source).toBe(`drive cidata (${device})`);
    expect((await host.exec(["ls", "/app/env.yml"], { allowFailure: true })).code).not.toBe(0);
  });
});
