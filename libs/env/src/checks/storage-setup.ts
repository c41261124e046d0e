import { parseStorageSetup } from "@appliance/storage-setup";
import type { Place } from "../place.ts";
import { quote } from "../problem.ts";

/** The notation of the old storage states, each problem at its place inside of the text. Its values stay unquoted: one is a password. */
export function checkStorageSetup(setup: string, place: Place): void {
  for (const { severity, path, message, suggestion, ...position } of parseStorageSetup(setup).problems) {
    const told = path === "" ? message : `${quote(path)} ${message}`;
    if (severity === "error") place.errorInside(position, told, { suggestion });
    else place.warning(told);
  }
}
