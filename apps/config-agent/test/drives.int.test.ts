import { execFileSync } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { CommandError, runCommand } from "@appliance/command";
import type { Drive } from "@appliance/host";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { lookOnDrives } from "../src/sources/drives.ts";
import type { Look } from "../src/sources/look.ts";

const ENV = "#cloud-config\nappliance:\n  domain: clinic.example.org\n";
/** Long enough to lie on many blocks, of which some can be missing. */
const LONG_ENV = ENV + "# a line of a comment\n".repeat(5_000);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "drives-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
const inFolder = () => join(folder, String(++count));

/** Runs xorriso, mkfs.vfat, mcopy, …, quietly. */
function make(program: string, ...args: string[]): void {
  execFileSync(program, args, { stdio: "pipe", env: { ...process.env, PATH: `${process.env["PATH"]}:/usr/sbin` } });
}

function iso(files: Record<string, string | Uint8Array>, options: string[] = ["-J", "-R"]): string {
  const [tree, image] = [inFolder(), inFolder()];
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  }
  mkdirSync(tree, { recursive: true });
  make("xorriso", "-as", "mkisofs", "-quiet", "-V", "cidata", ...options, "-o", image, tree);
  return image;
}

function vfat(files: Record<string, string>, bytes = 2 * 1024 * 1024, label = "CIDATA"): string {
  const [image, content] = [inFolder(), inFolder()];
  writeFileSync(image, "");
  truncateSync(image, bytes);
  make("mkfs.vfat", "-n", label, image);
  for (const [path, text] of Object.entries(files)) {
    writeFileSync(content, text);
    const folders = path
      .split("/")
      .slice(0, -1)
      .map((_name, i, all) => all.slice(0, i + 1).join("/"));
    for (const name of folders) make("mmd", "-i", image, `::/${name}`);
    make("mcopy", "-i", image, content, `::/${path}`);
  }
  return image;
}

/** What a host finds that has these images as drives. */
async function look(...drives: { image: string; label?: string; type?: string }[]): Promise<Look[]> {
  const images = new Map(drives.map(({ image }, i) => [`/dev/sr${i}`, image]));
  const observed = drives.map(({ label = "cidata", type = "iso9660" }, i): Drive => ({
    device: `/dev/sr${i}`,
    label,
    type,
  }));
  const host = {
    whyUnavailable: () => undefined,
    drives: {
      observe: async () => observed,
      withCopy: <T>({ device }: Drive, work: (path: string) => Promise<T>) => work(images.get(device)!),
    },
  };
  const looks: Look[] = [];
  for await (const found of lookOnDrives({ host, run: runCommand })) looks.push(found);
  return looks;
}

/** Of one drive: its text, why it was passed over, or the complaint about it. */
async function lookAt(image: string, type = "iso9660", label = "cidata"): Promise<string> {
  const all = await look({ image, type, label });
  const found = all.find(({ source }) => source.includes("/dev/sr0"))!;
  if ("text" in found) return Buffer.from(found.text).toString("utf8");
  return "unusable" in found ? `${found.unusable.code}: ${found.unusable.message}` : found.passedOver;
}

describe("a drive that cannot be read at all", () => {
  const broken = () =>
    Promise.reject(new CommandError("COMMAND_FAILED", "dd ended with exit code 1: Input/output error", { remedy: "" }));
  const sr0: Drive = { device: "/dev/sr0", label: "cidata", type: "iso9660" };

  it.each([
    ["is named", { observe: async () => [sr0], withCopy: broken }, "drive cidata (/dev/sr0)", "it"],
    ["is told where it cannot even be listed", { observe: broken, withCopy: broken }, "drives of the host", "they"],
  ])("%s, as the fault of an env.yml and not of what serves", async (_what, drives, source, word) => {
    const looks: Look[] = [];
    for await (const found of lookOnDrives({ host: { whyUnavailable: () => undefined, drives }, run: runCommand }))
      looks.push(found);
    expect(looks[0]).toMatchObject({
      source,
      unusable: {
        code: "ENV_DRIVE_UNUSABLE",
        message: `The ${source} cannot be used: ${word} cannot be read: dd ended with exit code 1: Input/output error.`,
      },
    });
  });
});

describe("a drive that is an ISO image", () => {
  it.each([
    ["Joliet and Rock Ridge", ["-J", "-R"]],
    ["Rock Ridge", ["-R"]],
    ["Joliet alone", ["-J", "--norock"]],
    ["nothing but capitals, as ISO 9660 has them", ["--norock"]],
    ["names of level 3", ["--norock", "-iso-level", "3"]],
  ])("is read with %s", async (_names, options) => {
    expect(await lookAt(iso({ "user-data": LONG_ENV, "meta-data": "" }, options))).toBe(LONG_ENV);
    const configDrive = iso({ "openstack/latest/user_data": ENV, "openstack/content/0000": "x" }, options);
    expect(await lookAt(configDrive, "iso9660", "config-2")).toBe(ENV);
  });

  it("may hold it packed", async () => {
    expect(await lookAt(iso({ "user-data": gzipSync(ENV) }))).toBe(ENV);
  });

  it("leaves nothing of it behind", async () => {
    const before = readdirSync(tmpdir()).filter((name) => name.startsWith("user-data-"));
    await lookAt(iso({ "user-data": LONG_ENV }));
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith("user-data-"))).toEqual(before);
  });

  it("is named when it was cut off, wherever that was", async () => {
    const whole = iso({ "user-data": LONG_ENV, "meta-data": "" });
    for (const bytes of [0, 1_000, 32_768, 34_816, 40_000, 80_000, 120_000, statSync(whole).size - 1]) {
      const image = inFolder();
      copyFileSync(whole, image);
      truncateSync(image, bytes);
      expect([bytes, await lookAt(image)]).toEqual([
        bytes,
        expect.stringMatching(
          /^ENV_DRIVE_UNUSABLE: The drive cidata \(\/dev\/sr0\) cannot be used: it is (damaged|cut off)/,
        ),
      ]);
    }
  });
});

it("names a drive whose folders are damaged", async () => {
  const image = iso({ "user-data": LONG_ENV }, ["-R"]);
  const file = openSync(image, "r+");
  writeSync(file, Buffer.alloc(10 * 2048, 0xa5), 0, 10 * 2048, 18 * 2048);
  closeSync(file);
  expect(await lookAt(image)).toMatch(/^ENV_DRIVE_UNUSABLE: .*\/dev\/sr0/);
});

describe("a drive that is a stick", () => {
  it.each(["CIDATA", "cidata"])("is found by its label in any case (%s)", async (label) => {
    expect(await lookAt(vfat({ "user-data": LONG_ENV }, 2_097_152, label), "vfat", label)).toBe(LONG_ENV);
  });

  it("is read as OpenStack makes it", async () => {
    const image = vfat({ "openstack/latest/user_data": ENV }, 64 * 1024 * 1024, "config-2");
    expect(await lookAt(image, "vfat", "config-2")).toBe(ENV);
  });

  it("is named when it was cut off: what is left of a file is never taken for all of it", async () => {
    const image = vfat({ "user-data": LONG_ENV });
    truncateSync(image, 100_000);
    expect(await lookAt(image, "vfat")).toMatch(/is cut off: of 2097152 bytes 100000 are there/);
    truncateSync(image, 100);
    expect(await lookAt(image, "vfat")).toMatch(/is damaged: no vfat begins on it/);
  });
});

describe("a drive with the label of one for env.yml", () => {
  it("is an error that names it when the file is absent, empty or broken", async () => {
    const complaint = (why: string) => expect.stringContaining(`drive cidata (/dev/sr0) cannot be used: ${why}`);
    expect(await lookAt(iso({ "meta-data": "" }))).toEqual(complaint("it has no file user-data"));
    expect(await lookAt(iso({ "user-data": "" }))).toEqual(complaint("its user-data is empty"));
    expect(await lookAt(iso({ "user-data": "hello" }))).toEqual(complaint("its user-data is neither"));
    expect(await lookAt(iso({ "user-data": "x".repeat(300_000) }))).toEqual(
      complaint("it has a file user-data that is longer"),
    );
    expect(await lookAt(iso({ "user-data": gzipSync(Buffer.alloc(9_000_000)) }))).toEqual(
      complaint("its user-data is longer"),
    );
    expect(await lookAt(iso({ "user-data": ENV }), "ext4")).toEqual(complaint("its file system is ext4"));
  });

  it("is passed over when it is cloud-init's own", async () => {
    expect(await lookAt(iso({ "user-data": "#!/bin/sh\n" }))).toBe("its user-data is a script, not an env.yml");
  });

  it("is not guessed from two", async () => {
    const image = iso({ "user-data": ENV });
    const [found] = await look({ image }, { image, label: "CIDATA" });
    expect(found).toMatchObject({
      source: "drive cidata (/dev/sr0 and /dev/sr1)",
      unusable: { code: "ENV_DRIVE_UNUSABLE", message: expect.stringContaining("two drives") },
    });
  });
});

it("looks for cidata before config-2, and says of each when there is none", async () => {
  const image = iso({ "openstack/latest/user_data": ENV });
  const looks = await look({ image, label: "config-2" });
  expect(looks).toEqual([
    { source: "drive cidata", passedOver: "no drive has this label" },
    { source: "drive config-2 (/dev/sr0)", text: Buffer.from(ENV) },
  ]);
});
