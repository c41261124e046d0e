/**
 * Sees that node_modules holds all packages of the lock file: tools/testing/packages.mjs. JavaScript, since the Node that takes
 * TypeScript may be among what is missing.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, utimesSync } from "node:fs";

const LOCK = "package-lock.json";
/** npm writes it last, so an installation that was cut off leaves none, or one that is older than the lock file. */
const INSTALLED = "node_modules/.package-lock.json";

/** One that was cut off while it emptied the folder may leave npm's own list, but not what is on it. */
function isWhole() {
  if (!existsSync(INSTALLED) || statSync(INSTALLED).mtimeMs <= statSync(LOCK).mtimeMs) return false;
  const { packages } = JSON.parse(readFileSync(LOCK, "utf8"));
  // Optional ones may be for another processor.
  const wanted = Object.keys(packages).filter((path) => path !== "" && !packages[path].optional);
  return wanted.every((path) => existsSync(`${path}/package.json`));
}

function install() {
  rmSync(INSTALLED, { force: true });
  const { status } = spawnSync("npm", ["ci", "--no-fund", "--no-audit", "--loglevel=error"], { stdio: "inherit" });
  if (status === 0) utimesSync(INSTALLED, new Date(), new Date());
  return status ?? 1;
}

process.exitCode = isWhole() ? 0 : install();
