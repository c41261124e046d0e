/**
 * Adds the platform packages that a registry mirror does not carry to package-lock.json, as optional entries.
 *
 * npm writes an optional package into the lock only if it saw it, and `npm ci` then refuses the lock on any other mirror
 * ("Missing: @nx/nx-darwin-arm64 from lock file"). Run `node tools/lockfix.ts` after `npm install` changed the lock.
 */
import { readFileSync, writeFileSync } from "node:fs";

interface Entry {
  version?: string;
  optionalDependencies?: Record<string, string>;
  dev?: boolean;
  [key: string]: unknown;
}

const LOCK = "package-lock.json";
const OS = ["android", "darwin", "freebsd", "linux", "openharmony", "win32", "aix", "netbsd", "openbsd", "sunos"];
const CPU = ["arm64", "x64", "ia32", "ppc64", "riscv64", "s390x", "arm", "mips64el", "loong64"];

const lock = JSON.parse(readFileSync(LOCK, "utf8")) as { packages: Record<string, Entry> };
let added = 0;
for (const [path, entry] of Object.entries({ ...lock.packages }))
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const nested = `${path ? `${path}/` : ""}node_modules/${name}`;
    const hoisted = `node_modules/${name}`;
    if (lock.packages[nested] || lock.packages[hoisted]) continue;
    const platform = platformOf(name);
    if (!platform) {
      console.log(`left alone: ${name} (its name tells no platform)`);
      continue;
    }
    lock.packages[hoisted] = {
      version,
      ...platform,
      license: "MIT",
      optional: true,
      ...(entry.dev ? { dev: true } : {}),
    };
    added++;
  }
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync(LOCK, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`${added} platform entries added`);

function platformOf(name: string): { os: string[]; cpu: string[]; libc?: string[] } | undefined {
  const last = name.split("/").pop()!;
  const os = OS.find((o) => last.includes(o));
  const cpu = CPU.find((c) => new RegExp(`(^|-)${c}(-|$)`).test(last));
  if (!os || !cpu) return undefined;
  const libc = last.includes("musl") ? ["musl"] : os === "linux" && last.includes("gnu") ? ["glibc"] : undefined;
  return { os: [os], cpu: [cpu], ...(libc ? { libc } : {}) };
}
