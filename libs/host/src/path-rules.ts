import { OperatorError } from "@appliance/errors";

/** The symlinks of the manual, section 6.4, and those with which Debian and Ubuntu merge /usr. No others are followed. */
export const OWN_SYMLINKS: readonly string[] = [
  ...["etc", "ecs-ca", "ecs-gpg", "ecs-cache", "ecs-storage-vault"].map((name) => `/app/${name}`),
  ...["bin", "sbin", "lib", "lib32", "lib64", "libx32", "var/run", "var/lock"].map((name) => `/${name}`),
];

/** Where the kernel, the engine or the appliance itself is the only writer. */
const FOREIGN = [
  "/proc",
  "/sys",
  "/dev",
  // The one truth: what is taken from it never writes it.
  "/app/env.yml",
  "/run/active-env.yml",
  "/run/appliance-failed",
  "/run/appliance",
  "/run/docker",
  "/run/docker.sock",
  "/run/containerd",
  "/run/systemd",
  "/var/lib/appliance",
  "/var/lib/docker",
  "/volatile/docker",
];

/**
 * Why no file of the operator is written at `path`, undefined when it may be. Asked of the path as it is named and again of
 * the one it leads to.
 */
export function refusalOf(path: string): string | undefined {
  if (!path.startsWith("/")) return "it is not absolute";
  if (path.includes("\0")) return "it holds a NUL byte";
  const parts = path.split("/").slice(1);
  if (parts.includes("..") || parts.includes(".")) return "it holds . or ..";
  if (parts.includes("")) return "it ends in / or holds //";
  const foreign = FOREIGN.find((place) => path === place || path.startsWith(`${place}/`));
  return foreign === undefined ? undefined : `${foreign} has another owner`;
}

/** What no state removes: the host or the appliance could not be without it, or it is all the data there is. */
// oxfmt-ignore
const PRECIOUS = [
  "/app/etc", "/app/ecs-ca", "/app/ecs-gpg", "/app/ecs-storage-vault", "/app/ecs-cache", "/app/appliance",
  "/data/etc/ecs", "/data/ecs-ca", "/data/ecs-gpg", "/data/ecs-storage-vault", "/data/ecs-pgdump", "/data/postgresql",
  "/volatile/ecs-cache", "/volatile/redis", "/etc/passwd", "/etc/shadow",
  "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/var/lib/dpkg", "/var/lib/apt",
];

/** @throws OperatorError `PATH_REFUSED` for a folder at the top, for what is precious or foreign, and for what holds any of it. */
export function assertRemovable(path: string) {
  assertWritable(path);
  const atTop = path.lastIndexOf("/") === 0;
  const touched = [...FOREIGN, ...PRECIOUS].find(
    (place) => `${place}/`.startsWith(`${path}/`) || path.startsWith(`${place}/`),
  );
  if (!atTop && touched === undefined) return;
  const why =
    touched === undefined ? "it is a folder at the top of the host" : `the appliance or the host needs ${touched}`;
  throw new OperatorError("PATH_REFUSED", `${path} is not removed: ${why}`, { remedy: "Name another path." });
}

export function assertWritable(path: string) {
  const why = refusalOf(path);
  if (why === undefined) return;
  throw new OperatorError("PATH_REFUSED", `${path} is not written: ${why}`, { remedy: "Name another path." });
}
