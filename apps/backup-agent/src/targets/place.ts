import { createHash } from "node:crypto";
import { withoutLogin } from "@appliance/env/url-credentials";
import type { TargetSettings } from "../slice.ts";

/**
 * Tells one place where backups are kept from another, whatever is changed of user and password: what is known of a target is true
 * only as long as env.yml leads to the same one. 16 hexadecimal digits.
 */
export function placeOf({ engine, url }: Pick<TargetSettings, "engine" | "url">): string {
  const place = withoutLogin(url).replace(/\/+$/, "");
  return createHash("sha256").update(`${engine} ${place}`).digest("hex").slice(0, 16);
}
