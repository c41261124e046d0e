import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

/** Where the kernel, the engine or the appliance itself writes; a file there would be lost or would break it. */
// oxfmt-ignore
const RESERVED = [
  "/app/env.yml", "/run/active-env.yml", "/run/appliance", "/run/appliance-failed", "/run/docker", "/run/docker.sock",
  "/run/containerd", "/run/systemd", "/var/lib/appliance", "/var/lib/docker", "/volatile/docker", "/dev", "/proc", "/sys",
];

/** Symlinks of the appliance and of every Debian: two names of one place. */
const SYNONYMS: readonly (readonly [string, string])[] = [
  ["/app/etc", "/data/etc"],
  ["/app/ecs-ca", "/data/ecs-ca"],
  ["/app/ecs-gpg", "/data/ecs-gpg"],
  ["/app/ecs-storage-vault", "/data/ecs-storage-vault"],
  ["/app/ecs-cache", "/volatile/ecs-cache"],
  ["/var/run", "/run"],
  ["/bin", "/usr/bin"],
  ["/sbin", "/usr/sbin"],
  ["/lib", "/usr/lib"],
];

/** The one name of the place that `path` leads to, as far as that is the same on every host. */
function placeOf(path: string): string {
  const [link, target] = SYNONYMS.find(([link]) => path.startsWith(`${link}/`)) ?? ["", ""];
  return target + path.slice(link.length);
}

/** The place of the kernel, the engine or the appliance that an absolute path names or lies in. */
export function reservedPlaceOf(path: string): string | undefined {
  const real = placeOf(path);
  return RESERVED.find((place) => real === place || real.startsWith(`${place}/`));
}

const LONGEST_PATH = 4095;
const LONGEST_NAME = 255;

/** An absolute path that says where it leads. Symlinks on the way are the concern of who writes the file. */
export function checkFilePath(path: string, place: Place): void {
  if (!path.startsWith("/")) return place.error(`${quote(path)} must be an absolute path`);
  const names = path.split("/").slice(1);
  if (names.some((name) => name === "" || name === "." || name === ".."))
    return place.error(`${quote(path)} must name a file, without '//', '.', '..' and '/' at the end`);
  const tooLong =
    names.some((name) => Buffer.byteLength(name) > LONGEST_NAME) || Buffer.byteLength(path) > LONGEST_PATH;
  if (tooLong)
    return place.error(`is a path of more than ${LONGEST_PATH} bytes, or has a name of more than ${LONGEST_NAME}`);
  const reserved = reservedPlaceOf(path);
  if (reserved) return place.error(`${quote(path)} is not for files of one's own: ${reserved} belongs to the system`);
  if (/\/authorized_keys2?$/.test(path))
    place.warning("decides who may log in; ssh_authorized_keys adds keys and leaves others alone");
}

/** chown(1)'s `user` or `user:group`, names or numbers. */
export function checkOwner(owner: string, place: Place): void {
  const name = /^(?:[a-z_][a-z0-9_-]{0,31}|\d{1,10})(?::(?:[a-z_][a-z0-9_-]{0,31}|\d{1,10}))?$/;
  if (!name.test(owner)) place.error(`${quote(owner)} must be user or user:group`);
}

const WRITABLE_BY_ALL = 0o002;
const SET_ID = 0o6000;

/** `0600`, `600` or `0o600`, each octal, quoted or not. */
export function parseMode(source: string, place: Place): number | undefined {
  const digits = /^0?o?([0-7]{3,4})$/.exec(source)?.[1];
  if (digits === undefined) {
    place.error(`${quote(source)} must be an octal mode such as 0600`);
    return undefined;
  }
  const mode = Number.parseInt(digits, 8);
  if (mode & SET_ID) place.warning(`${showMode(mode)} lets whoever runs the file act as its owner (setuid, setgid)`);
  if (mode & WRITABLE_BY_ALL) place.warning(`${showMode(mode)} lets every program of the host change the file`);
  return mode;
}

export const showMode = (mode: number): string => mode.toString(8).padStart(4, "0");

/** The later file would overwrite the earlier one without a word. */
export function checkPathsDiffer(files: { path: string }[], place: Place): void {
  for (const [index, { path }] of files.entries()) {
    const first = files.findIndex((file) => placeOf(file.path) === placeOf(path));
    if (first < index)
      place
        .at(index)
        .at("path")
        .error(`${quote(path)} is written by ${first + 1}. file of the list already`);
  }
}
