import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { DATABASE_LOCALES } from "./texts.ts";

it("accepts exactly the locales that the image of the database has", () => {
  const dockerfile = readFileSync(new URL("../../../../compose/images/Dockerfile", import.meta.url), "utf8");
  const made = /for name in ([\w ]+); do echo "\$name\.UTF-8 UTF-8"/.exec(dockerfile)?.[1]?.split(" ");
  expect(["C", ...made!].sort()).toEqual([...DATABASE_LOCALES].sort());
});
