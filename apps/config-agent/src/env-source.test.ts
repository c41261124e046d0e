import { createHash } from "node:crypto";
import { OperatorError } from "@appliance/errors";
import { expect, it } from "vitest";
import { createEnvFinder } from "./env-source.ts";
import type { Look } from "./sources/look.ts";

const text = Buffer.from("#cloud-config\n");
const absentFile: Look = { source: "/app/env.yml", passedOver: "there is no such file" };
const drive: Look = { source: "drive cidata (/dev/sr0)", text };
const brokenDrive: Look = {
  source: "drive cidata (/dev/sr0)",
  unusable: new OperatorError("ENV_DRIVE_UNUSABLE", "The drive cidata (/dev/sr0) cannot be used.", {
    remedy: "Mend it.",
  }),
};
const cloud: Look = { source: "EC2 metadata service", text };

/** Places in this order; `asked` is told of each that was looked at. */
function finder(places: readonly Look[], asked: string[] = []) {
  return createEnvFinder(async function* () {
    for (const place of places) {
      asked.push(place.source);
      yield place;
    }
  });
}

it("takes the first that is there, with its checksum, and asks none after it", async () => {
  const asked: string[] = [];
  const search = finder([absentFile, drive, cloud], asked);
  const sha256 = createHash("sha256").update(text).digest("hex");
  expect(await search.find()).toEqual({ name: "drive cidata (/dev/sr0)", text, sha256 });
  expect(asked).toEqual(["/app/env.yml", "drive cidata (/dev/sr0)"]);
  expect(search.passedOver()).toEqual([{ source: "/app/env.yml", reason: "there is no such file" }]);
});

it("asks no metadata service on a host that has /app/env.yml", async () => {
  const asked: string[] = [];
  await finder([{ source: "/app/env.yml", text }, drive, cloud], asked).find();
  expect(asked).toEqual(["/app/env.yml"]);
});

it("does not go on to another source when one is there and cannot be used", async () => {
  const asked: string[] = [];
  const search = finder([absentFile, brokenDrive, cloud], asked);
  await expect(search.find()).rejects.toMatchObject({ code: "ENV_DRIVE_UNUSABLE" });
  expect(asked).not.toContain("EC2 metadata service");
});

it("says of every place why it has none when there is none at all", async () => {
  const silent: Look = { source: "EC2 metadata service", passedOver: "it did not answer within 3 s" };
  const search = finder([absentFile, silent]);
  await expect(search.find()).rejects.toMatchObject({
    code: "ENV_ABSENT",
    message: expect.stringMatching(/^There is no env.yml[^]*\/app\/env.yml: there[^]*EC2 metadata service: it did not/),
  });
  expect(search.passedOver()).toHaveLength(2);
});

it("remembers the last search only", async () => {
  const places = [absentFile, drive];
  const search = finder(places);
  await search.find();
  places.shift();
  await search.find();
  expect(search.passedOver()).toEqual([]);
});
