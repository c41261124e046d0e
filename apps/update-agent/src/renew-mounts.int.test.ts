/** `containers.renew-mounts`, against the real engine. */
import { symlinkSync, writeFileSync } from "node:fs";
import { mkdir, rename, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { idOf } from "../test/deliveries.ts";
import { docker, sleeper, throwAwayGroup, type ThrowAway } from "../test/throw-away-group.ts";

let group: ThrowAway;

const FILE = "/etc/cert.pem";

/** A certificate as it lies on a host: its name is a link into the set that is served. */
beforeAll(async () => {
  group = throwAwayGroup();
  const at = (...names: string[]) => join(group.checkout, "appliance-root", ...names);
  for (const [set, content] of [
    ["one", "old"],
    ["two", "new"],
  ] as const) {
    await mkdir(at("etc", set), { recursive: true });
    writeFileSync(at("etc", set, "cert.pem"), content);
  }
  symlinkSync("one", at("etc/current"));
  symlinkSync("current/cert.pem", at("etc/cert.pem"));
  const file = at(FILE);
  const mount = (source: string) => sleeper({ volumes: [`${source}:/import:ro`] });
  const services = { pdfas: mount(file), "ecs.web": mount(at("etc")), mocca: mount(file) };
  group.writeApplication({ services });
  await group.deliver("containers.up", { project: "application", services: [] });
  docker("stop", "--time=0", container("mocca"));
});
afterAll(() => group.remove());

const container = (service: string) => `${group.application}_${service}_1`;
const startOf = (service: string) => docker("inspect", "--format={{.State.StartedAt}}", container(service));
const shownBy = (service: string, path = "/import") => docker("exec", container(service), "cat", path);
const renew = async (replacedAt: string) =>
  (await group.deliver("containers.renew-mounts", { project: "application", files: [FILE], replacedAt })).result;

it("shows the new certificate to a service that has mounted the file, and touches no other", async () => {
  const [webBefore, id] = [startOf("ecs.web"), idOf(container("pdfas"))];
  const etc = join(group.checkout, "appliance-root/etc");
  await symlink("two", join(etc, "next"));
  await rename(join(etc, "next"), join(etc, "current"));
  expect(shownBy("pdfas")).toBe("old");

  expect(await renew(new Date().toISOString())).toEqual({ services: ["pdfas"] });

  expect([shownBy("pdfas"), idOf(container("pdfas"))]).toEqual(["new", id]);
  expect([shownBy("ecs.web", "/import/cert.pem"), startOf("ecs.web")]).toEqual(["new", webBefore]);
  expect(docker("inspect", "--format={{.State.Status}}", container("mocca"))).toBe("exited");
});

it("does nothing the second time", async () => {
  const before = startOf("pdfas");
  expect(await renew(new Date(Date.parse(before) - 1000).toISOString())).toEqual({ services: [] });
  expect(startOf("pdfas")).toBe(before);
});
