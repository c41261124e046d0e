import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeArchive } from "./archive.ts";
import { openKeyRing } from "./gpg-keys.ts";
import { makeSeedIso, readSeedIso } from "./iso.ts";
import { printOnPaper } from "./paper.ts";
import { renderPages } from "./pdf-pages.ts";
import { withPrivateFolder } from "./private-folder.ts";
import { createCodeReader } from "./read-codes.ts";
import { collect } from "./scan.ts";
import { forgetKeys, listEncrypted, makeKey } from "./testing/keys.ts";
import { envOf } from "./testing/pages.ts";
import { createToolbox } from "./toolbox.ts";

const folder = mkdtempSync(join(tmpdir(), "escrow-image-"));
const at = (...names: string[]) => join(folder, ...names);
/** A busy engine takes some seconds to start one. */
const MANY_CONTAINERS_MS = 240_000;
const env = Buffer.from(envOf(3000));
let image: string;

beforeAll(() => {
  // The images of the present sources, as the tests' preparation builds them.
  image = `appliance/tools:${execFileSync("deploy/images.sh", ["version"]).toString().trim()}`;
});
afterAll(() => {
  forgetKeys(at("ada"));
  rmSync(folder, { recursive: true });
});

describe("the image of tools", () => {
  it(
    "stands in for each program that a host lacks, and leaves nothing in the engine",
    { timeout: MANY_CONTAINERS_MS },
    async () => {
      const { armour } = makeKey(at("ada"), "ada");
      const nothingInstalled = () => Promise.resolve(false);
      await withPrivateFolder(async (work, signal) => {
        const run = createToolbox(work, image, signal, nothingInstalled);
        const paper = await printOnPaper(env, "ecs.example", new Date());
        const scan = await collect(renderPages("env.yml.pdf", paper, work, run), {
          read: await createCodeReader(),
          onProgress: () => undefined,
          signal,
        });
        expect(scan.codes).toHaveLength(8);
        const iso = await makeSeedIso({ userData: env, metaData: Buffer.from(""), paper }, work, run);
        expect(await readSeedIso("env-cidata.iso", iso, work, run)).toEqual(env);
        const ring = await openKeyRing("gpgkeys.txt", armour, work, run);
        writeFileSync(join(work, "env.yml"), env);
        const encrypted = await ring.encrypt(await makeArchive(["env.yml"], work, run));
        expect(listEncrypted(at("ada"), encrypted)).toEqual(["env.yml"]);
      });
      expect(execFileSync("docker", ["ps", "--all", "--quiet", "--filter", `ancestor=${image}`]).toString()).toBe("");
    },
  );

  it("says what to install where there is no image either", async () => {
    const signal = new AbortController().signal;
    const run = createToolbox(folder, "appliance/tools:none", signal, () => Promise.resolve(false));
    await expect(run("xorriso", ["-version"])).rejects.toMatchObject({
      code: "PROGRAM_MISSING",
      remedy: expect.stringContaining("apt-get install xorriso"),
    });
  });

  it(
    "is all that a laptop needs: the command in a folder, whose owner owns what it makes",
    { timeout: MANY_CONTAINERS_MS },
    () => {
      mkdirSync(at("laptop"));
      writeFileSync(at("laptop/env.yml"), env);
      for (const path of [at("laptop"), at("laptop/env.yml")]) chownSync(path, 12_345, 12_346);
      const appliance = (...args: string[]) => {
        const confined = ["--rm", "--network", "none", "--volume", `${at("laptop")}:/work`];
        execFileSync("docker", ["run", ...confined, image, "env", ...args], { stdio: "ignore" });
      };
      appliance("package", "env.yml");
      appliance("unpackage", "env.yml.pdf", "--out", "back.yml");
      expect(readFileSync(at("laptop/back.yml"))).toEqual(env);
      for (const name of ["env.yml.pdf", "env-cidata.iso", "back.yml"])
        expect(statSync(at("laptop", name))).toMatchObject({ uid: 12_345, gid: 12_346 });
    },
  );
});
