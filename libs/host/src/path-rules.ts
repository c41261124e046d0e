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

export function assertWritable(path: string) {
  const why = refusalOf(path);
  if (why === undefined) return;
  throw new OperatorError("PATH_REFUSED", `${path} is not written: ${why}`, { remedy: "Name another path." });
}
