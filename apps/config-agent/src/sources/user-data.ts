import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { suggest } from "@appliance/errors";
import { defaultLimits, parseYaml } from "@appliance/yaml11";

/** The longest env.yml, in bytes, and the longest answer or file that may be one. */
export const LONGEST = defaultLimits.bytes;
export const TOO_LONG = `is longer than ${LONGEST / 1024} KiB`;

/** What user-data turned out to be. `why` continues a sentence that begins with "its user-data". */
export type UserData =
  | { kind: "env"; text: Uint8Array }
  | { kind: "empty"; why: string }
  | { kind: "foreign"; why: string }
  | { kind: "broken"; why: string };

/**
 * Judges user-data as drives and metadata services have it, unpacked where it is gzip, as cloud-init does. Whether an env.yml
 * is right is not judged here, only whether it means to be one.
 * @see https://cloudinit.readthedocs.io/en/latest/explanation/format.html
 */
export async function judgeUserData(bytes: Uint8Array): Promise<UserData> {
  const unpacked = await unpack(bytes);
  if ("why" in unpacked) return { kind: "broken", ...unpacked };
  const { text } = unpacked;
  if (text.length > LONGEST) return { kind: "broken", why: TOO_LONG };
  const words = Buffer.from(text)
    .toString("utf8")
    .replace(/^\uFEFF/, "");
  if (words.trim() === "") return { kind: "empty", why: "is empty" };
  return judgeText(words, text);
}

const GZIP = Buffer.from([0x1f, 0x8b]);

async function unpack(bytes: Uint8Array): Promise<{ text: Uint8Array } | { why: string }> {
  if (!Buffer.from(bytes.subarray(0, GZIP.length)).equals(GZIP)) return { text: bytes };
  try {
    return { text: await promisify(gunzip)(bytes, { maxOutputLength: LONGEST }) };
  } catch (err) {
    if (err instanceof RangeError) return { why: `${TOO_LONG} once unpacked` };
    return { why: "is damaged: it begins as gzip and cannot be unpacked" };
  }
}

/** What cloud-init runs, includes or takes apart instead of reading it as settings. */
const FOREIGN: readonly [begins: RegExp, why: string][] = [
  [/^#!/, "is a script"],
  [
    /^#(include|include-once|cloud-boothook|cloud-config-archive|cloud-config-jsonp|part-handler)\b/,
    "is for cloud-init",
  ],
  [/^## *template:/i, "is a template for cloud-init"],
  [/^(content-type|mime-version):/i, "is in several MIME parts"],
];
const CLOUD_CONFIG = /^#cloud-config\s*$/m;

function judgeText(words: string, text: Uint8Array): UserData {
  const foreign = FOREIGN.find(([begins]) => begins.test(words));
  if (foreign) return { kind: "foreign", why: `${foreign[1]}, not an env.yml` };
  const isCloudConfig = CLOUD_CONFIG.test(words.split("\n", 1)[0] ?? "");
  const keys = topKeys(text);
  // What cannot be read as YAML is reported as an env.yml is, with line and column.
  if (keys === undefined) return isCloudConfig ? { kind: "env", text } : unknown();
  if (keys.some((key) => suggest(key, ["appliance", "ecs"]) !== undefined)) return { kind: "env", text };
  return isCloudConfig ? { kind: "foreign", why: "is a cloud-config without the key appliance" } : unknown();
}

function unknown(): UserData {
  return { kind: "broken", why: "is neither an env.yml nor anything that cloud-init knows" };
}

/** The settings that a text makes; none for a list or a single word, undefined for what is no YAML. */
function topKeys(text: Uint8Array): string[] | undefined {
  const { data } = parseYaml(text, { file: "user-data" });
  if (data === undefined) return undefined;
  return typeof data === "object" && data !== null && !Array.isArray(data) ? Object.keys(data) : [];
}
