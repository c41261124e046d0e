import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { docker } from "./docker.ts";
import { imageStore, storeName } from "./image-store.ts";
import { OWNER_LABEL } from "./leftovers.ts";

/** A name of its own, so a store of its own. */
const IMAGE = `appliance-lab-probe:${process.pid}`;
/** No process has this id, so what it owned is left over. */
const DEAD = "4194305-1";

let volume: string;

beforeAll(async () => {
  await docker(["tag", "debian:trixie-slim", IMAGE]);
  volume = await storeName([IMAGE]);
});
afterAll(async () => {
  await docker(["volume", "rm", volume]);
  await docker(["image", "rm", IMAGE]);
});

it("is made once for all who ask at the same time, and anew where a killed run began it", async () => {
  await docker(["volume", "create", volume]);
  const { stdout } = await docker(["volume", "inspect", "--format={{.Mountpoint}}", volume]);
  const begun = join(stdout.trim(), "layers/begun");
  mkdirSync(begun, { recursive: true });
  await docker(["create", `--name=${volume}`, `--label=${OWNER_LABEL}=${DEAD}`, "debian:trixie-slim", "true"]);

  const [one, other] = await Promise.all([imageStore([IMAGE]), imageStore([IMAGE])]);
  expect(one).toEqual(other);
  expect(existsSync(begun)).toBe(false);
  expect(readdirSync(join(one.folder, "layers"))).toHaveLength(1);
});

it("names an image that this machine does not have", async () => {
  await expect(imageStore(["appliance/nowhere:1"])).rejects.toThrow("appliance/nowhere:1");
});
