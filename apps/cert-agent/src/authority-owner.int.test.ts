/** On real files. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readAuthorityOwner } from "./authority-owner.ts";

const REPOSITORY = join(import.meta.dirname, "../../..");

const ownerIn = (text: string) => {
  const folder = mkdtempSync(join(tmpdir(), "authority-owner-"));
  writeFileSync(join(folder, "compose.yml"), text);
  return readAuthorityOwner(folder, "compose.yml");
};

it.each([
  ["services: {}", "appliance"],
  ["x-appliance: { operations: {} }", "appliance"],
  ["x-appliance:\n  client-authority: application", "application"],
  ["x-appliance:\n  client-authority: appliance", "appliance"],
])("reads %j as %s", async (text, owner) => {
  expect(await ownerIn(text)).toBe(owner);
});

it("understands the sample's compose file", async () => {
  expect(await readAuthorityOwner(REPOSITORY, "compose/sample/compose.yml")).toBe("appliance");
});

it("names the line of a value that is neither", async () => {
  await expect(ownerIn("x-appliance:\n  client-authority: aplication")).rejects.toMatchObject({
    code: "COMPOSE_FILE_INVALID",
    message: expect.stringContaining("line 2") as string,
  });
});

it("says that a file is missing, and that it is no YAML", async () => {
  await expect(readAuthorityOwner("/tmp", "no-such/compose.yml")).rejects.toMatchObject({
    code: "APPLICATION_UNKNOWN",
  });
  await expect(ownerIn("services: [")).rejects.toMatchObject({ code: "COMPOSE_FILE_INVALID" });
});
