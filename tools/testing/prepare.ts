import { existsSync, rmSync, writeFileSync } from "node:fs";
import { run } from "../lab/index.ts";
import type { Level } from "./levels.ts";

/** Debian packages of the real programs that tests talk to. */
const PACKAGES = `
  redis-server postgresql nginx gnupg openssl curl git shellcheck strace
  openssh-server poppler-utils xorriso mtools dosfstools imagemagick dnsmasq-base parted xfsprogs python3-aiosmtpd zbar-tools
  pebble chromium gnutls-bin libnss3-tools default-jre-headless
`
  .trim()
  .split(/\s+/);
/** invoke-rc.d asks it whether a package may start its service. */
const POLICY = "/usr/sbin/policy-rc.d";

/** Installs and builds what these levels need. Unit tests need nothing but Node. */
export async function prepareMachine(levels: readonly Level[]): Promise<void> {
  if (levels.every((level) => level === "unit")) return;
  await installMissing(PACKAGES);
  await step("the Docker engine", "deploy/engine.sh");
  await step("the base image", "deploy/base-image.sh");
  await step("the images", "deploy/images.sh", "build");
}

async function step(what: string, program: string, ...args: string[]): Promise<void> {
  console.log(`preparing ${what}`);
  await run(program, args, { timeoutMs: 1_200_000 });
}

async function installMissing(packages: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const name of packages) if (!(await isInstalled(name))) missing.push(name);
  if (missing.length === 0) return;
  console.log(`installing ${missing.join(" ")}`);
  await withoutServices(async () => {
    await run("apt-get", ["-q", "-y", "update"]);
    await run("env", [
      "DEBIAN_FRONTEND=noninteractive",
      "NEEDRESTART_SUSPEND=1",
      "apt-get",
      "-q",
      "-y",
      "install",
      "--no-install-recommends",
      ...missing,
    ]);
  });
}

async function isInstalled(name: string): Promise<boolean> {
  const query = ["--show", "--showformat=${db:Status-Status}", name];
  return (await run("dpkg-query", query, { allowFailure: true })).stdout === "installed";
}

/** Tests start instances of their own; one that the package starts would hold port and memory. */
async function withoutServices(work: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY)) return await work();
  writeFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await work();
  } finally {
    rmSync(POLICY);
  }
}
