/** On a real folder. */
import { mkdtempSync, readdirSync, statSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { createPackages, type Packages } from "./packages.ts";

const made = { pkcs12: "AAAA", password: "abcd" };
let folder: string;
let packages: Packages;

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), "packages-")), "clients");
  packages = await createPackages(folder, () => new Date());
});

it("hands a package out once, whoever else asks at the same time", async () => {
  await packages.put("0AFF", made);
  const both = await Promise.allSettled([packages.take("0aff"), packages.take("0AFF")]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  await expect(packages.take("0AFF")).rejects.toMatchObject({ code: "PACKAGE_GONE" });
  expect(readdirSync(folder)).toEqual([]);
});

it("lets nobody else read it", async () => {
  await packages.put("0AFF", made);
  expect([statSync(folder).mode & 0o777, statSync(join(folder, "0AFF")).mode & 0o777]).toEqual([0o700, 0o600]);
});

it("forgets it after an hour", async () => {
  await packages.put("0AFF", made);
  const earlier = Date.now() / 1000 - 3601;
  utimesSync(join(folder, "0AFF"), earlier, earlier);
  await expect(packages.take("0AFF")).rejects.toMatchObject({ code: "PACKAGE_GONE" });
});

it("keeps none over a restart", async () => {
  await packages.put("0AFF", made);
  await createPackages(folder, () => new Date());
  expect(readdirSync(folder)).toEqual([]);
});

it.each(["../clients", "", "no serial"])("has none for %j", async (serial) => {
  await expect(packages.take(serial)).rejects.toMatchObject({ code: "PACKAGE_GONE" });
});
