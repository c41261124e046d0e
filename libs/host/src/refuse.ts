import { OperatorError } from "@appliance/errors";

/** The error for an argument that no verb may be given. `what` is shown: never a secret. */
export function refuseArgument(what: string, remedy: string): OperatorError {
  return new OperatorError("HOST_ARGUMENT_REFUSED", what, { remedy });
}

const UNIT = /^[A-Za-z0-9:_.@-]{1,200}\.(service|timer|socket|target|mount|path)$/;
const TASK = /^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;

/** Debian Policy 5.6.1; a name that ends in `-` would tell apt to remove the package. */
const PACKAGE = /^[a-z0-9][a-z0-9+.-]*[a-z0-9+.]$/;

export function assertUnit(unit: string) {
  if (!UNIT.test(unit) || unit.startsWith("-"))
    throw refuseArgument(`'${unit}' is not the name of a unit`, "Give its full name, such as docker.service.");
}

const DEVICE = /^\/dev(\/[A-Za-z0-9_][A-Za-z0-9_.,+:@=-]*)+$/;

export function assertDevice(device: string) {
  if (!DEVICE.test(device) || device.length > 255)
    throw refuseArgument(`'${device}' is not the path of a device`, "Name one below /dev.");
}

export function assertTaskId(id: string) {
  if (!TASK.test(id)) throw refuseArgument(`'${id}' cannot name host work`, "Use letters, digits and hyphens.");
}

export function assertHostname(name: string) {
  if (name.length > 64 || !name.split(".").every((label) => LABEL.test(label)))
    throw refuseArgument(
      `'${name}' is not a host name`,
      "Use labels of letters, digits and hyphens, 64 characters at most.",
    );
}

export function assertPackages(names: readonly string[]) {
  const bad = names.find((name) => !PACKAGE.test(name));
  if (bad !== undefined)
    throw refuseArgument(`'${bad}' is not the name of a package`, "Correct appliance:extra:packages.");
  if (names.length === 0) throw refuseArgument("no package was named", "Name at least one.");
}

/** Names as shells know them; systemd drops others from an environment file without a word. */
export function assertEnvironment(env: Readonly<Record<string, string>>) {
  const bad = Object.entries(env).find(
    ([name, value]) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) || value.includes("\0"),
  );
  if (bad)
    throw refuseArgument(`'${bad[0]}' cannot be given to a program as its environment`, "Rename that key of env.yml.");
}
