import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { packageIt, unpackageIt } from "./testing/command.ts";
import { exportSecret, forgetKeys, listEncrypted, makeKey, type TestKey } from "./testing/keys.ts";
import { envOf } from "./testing/pages.ts";

const folder = mkdtempSync(join(tmpdir(), "escrow-package-"));
const at = (...names: string[]) => join(folder, ...names);
const env = envOf(6000);
const canMount = spawnSync("unshare", ["--mount", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;
const homes = ["ada", "bob", "old", "signer"];
let keys: Record<string, TestKey>;

beforeAll(() => {
  keys = {
    ada: makeKey(at("ada"), "ada"),
    bob: makeKey(at("bob"), "bob"),
    old: makeKey(at("old"), "old", { made: "20200101T000000" }),
    signer: makeKey(at("signer"), "signer", { can: "sign" }),
  };
  writeFileSync(at("env.yml"), env);
});
afterAll(() => {
  for (const home of homes) forgetKeys(at(home));
  rmSync(folder, { recursive: true });
});

const armour = (...names: string[]) => names.map((name) => keys[name]?.armour ?? "").join("\nfrom the next person:\n");

/** A folder of its own with env.yml and what else is given. */
function place(name: string, files: Record<string, string> = {}): string {
  mkdirSync(at(name));
  for (const [file, text] of Object.entries({ "env.yml": env, ...files })) writeFileSync(at(name, file), text);
  return at(name, "env.yml");
}

async function readBack(source: string): Promise<string> {
  const out = `${source}.back`;
  await unpackageIt(source, { out });
  return readFileSync(out, "utf8");
}

describe("appliance env package", () => {
  it("makes a paper, a seed image and an archive for each key of gpgkeys.txt, for their owner's eyes only", async () => {
    const file = place("whole", { "gpgkeys.txt": armour("ada", "bob") });
    const { printed, said } = await packageIt(file);
    expect(printed.map((path) => path.replace(/\d{4}-\d\d-\d\d_\d\d\.\d\d/, "TIME"))).toEqual([
      at("whole/env.yml.pdf"),
      at("whole/env-cidata.iso"),
      at("whole/ecs.example.env.TIME.tar.gz.gpg"),
    ]);
    for (const path of printed) expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(said.join("\n")).toMatch(/ada <ada@example\.org>[^]*bob <bob@example\.org>/);
    for (const home of ["ada", "bob"])
      expect(listEncrypted(at(home), printed[2] ?? "")).toEqual(["env-cidata.iso", "env.yml", "env.yml.pdf"]);
    expect(readdirSync(at("whole")).sort()).toHaveLength(5);
  });

  it("makes an image that cloud-init finds by its label, with the file itself, own meta-data and vendor-data", async () => {
    const file = place("seed", { "meta-data.custom": "instance-id: mine\n", "vendor-data": "#cloud-config\n" });
    await packageIt(file, { out: at("seed/new/folder") });
    const iso = at("seed/new/folder/env-cidata.iso");
    expect(execFileSync("blkid", ["-o", "value", "-s", "LABEL", iso]).toString()).toBe("cidata\n");
    execFileSync("xorriso", ["-osirrox", "on", "-indev", iso, "-extract", "/", at("seed/content")], {
      stdio: "ignore",
    });
    expect(readFileSync(at("seed/content/user-data"), "utf8")).toBe(env);
    expect(readFileSync(at("seed/content/meta-data"), "utf8")).toBe("instance-id: mine\n");
    expect(readFileSync(at("seed/content/vendor-data"), "utf8")).toBe("#cloud-config\n");
    expect(readFileSync(at("seed/content/env.yml.pdf"))).toEqual(readFileSync(at("seed/new/folder/env.yml.pdf")));
    expect(await readBack(iso)).toBe(env);
  });

  it("refuses keys that would leave somebody without a copy, names each of them, and writes nothing", async () => {
    const broken = (keys["ada"]?.armour ?? "").replaceAll(/^[A-Za-z0-9+/]{64}$/gm, "nonsense");
    const text = [armour("bob", "old", "signer"), broken, exportSecret(at("bob"))].join("\n");
    const file = place("refused", { "gpgkeys.txt": text });
    const lineOf = (part: string) => text.slice(0, text.indexOf(part)).split("\n").length;
    await expect(packageIt(file)).rejects.toMatchObject({
      code: "GPG_KEYS_UNUSABLE",
      message: expect.stringMatching(
        new RegExp(
          `begins at line ${lineOf(broken)} cannot be imported[^]*line ${lineOf("-----BEGIN PGP PRIVATE")} begins a secret key` +
            "[^]*old <old@example.org> \\([0-9A-F]{16}\\) is expired[^]*signer <signer@example.org> .* cannot encrypt",
        ),
      ),
    });
    expect(readdirSync(at("refused")).sort()).toEqual(["env.yml", "gpgkeys.txt"]);
  });

  it("refuses a file of keys without any", async () => {
    const file = place("keyless", { "gpgkeys.txt": "ssh-ed25519 AAAA somebody\n" });
    await expect(packageIt(file)).rejects.toThrow("there is no OpenPGP public key in it");
  });

  it("refuses an env.yml that no appliance would take, with its errors", async () => {
    const file = place("invalid", { "env.yml": "appliance:\n  domain: '-'\n" });
    await expect(packageIt(file)).rejects.toMatchObject({
      code: "ENV_INVALID",
      message: expect.stringContaining(":2:11:"),
    });
  });

  it("says of a folder for the results that cannot be made what is wrong", async () => {
    const file = place("no-folder");
    for (const out of [at("no-folder/env.yml"), at("no-folder/env.yml/below")])
      await expect(packageIt(file, { out })).rejects.toMatchObject({
        code: "USAGE",
        message: expect.stringContaining(`The folder ${out} cannot be made`),
      });
  });

  it("says to old scripts that --requirements has nothing to do", async () => {
    expect((await packageIt(undefined, { requirements: true })).said.join()).toContain("Nothing needs to be installed");
  });

  it.each(["SIGTERM", "SIGKILL"] as const)("leaves no secret behind when it ends by %s", async (signal) => {
    const child = spawn(process.execPath, [
      "apps/cli/src/main.ts",
      "env",
      "package",
      at("env.yml"),
      "--out",
      at("cut"),
    ]);
    const ended = once(child, "exit");
    const mine = () => readdirSync("/dev/shm").filter((name) => name.startsWith(`appliance-escrow-${child.pid}-`));
    while (mine().length === 0 && child.exitCode === null) await setImmediate(); // at once: the folder has just been made
    child.kill(signal);
    await ended;
    // A process that is killed cannot tidy up: its folder is in memory only, and gone with the next call.
    if (signal === "SIGKILL") await unpackageIt(at("env.yml"), { out: at("none") }).catch(() => undefined);
    expect(mine()).toEqual([]);
    expect(readdirSync(folder)).not.toContain("none");
  });
});

describe("appliance env unpackage", () => {
  it("takes the archive as the owner of a key, by that user's own gpg", async () => {
    const file = place("own-gpg", { "gpgkeys.txt": armour("ada") });
    const [, , archive = ""] = (await packageIt(file)).printed;
    process.env["GNUPGHOME"] = at("ada");
    expect(await readBack(archive)).toBe(env);
    process.env["GNUPGHOME"] = at("bob");
    const other = unpackageIt(archive, { out: at("bobs") });
    await expect(other).rejects.toThrow("there is none of the secret keys here that it is encrypted to");
    delete process.env["GNUPGHOME"];
  });

  it("takes the decrypted archive, but no link in its place to a file of this machine", async () => {
    execFileSync("tar", ["-czf", at("plain.tar.gz"), "-C", folder, "env.yml"]);
    expect(await readBack(at("plain.tar.gz"))).toBe(env);
    mkdirSync(at("forged"));
    symlinkSync("/etc/hostname", at("forged/env.yml"));
    execFileSync("tar", ["-czf", at("forged.tar.gz"), "-C", at("forged"), "env.yml"]);
    await expect(readBack(at("forged.tar.gz"))).rejects.toThrow("is no file");
  });

  it("says of an image that is cut off or damaged what is wrong with it", async () => {
    await packageIt(place("cut-iso"));
    const iso = readFileSync(at("cut-iso/env-cidata.iso"));
    writeFileSync(at("cut.iso"), iso.subarray(0, 300_000));
    await expect(readBack(at("cut.iso"))).rejects.toThrow(
      `cut.iso is cut off: the image says it has ${iso.length} bytes, 300000 are there.`,
    );
    writeFileSync(at("short.iso"), iso.subarray(0, 20_000));
    await expect(readBack(at("short.iso"))).rejects.toThrow("an image of which only 20000 bytes are there");
    iso[iso.lastIndexOf("domain: ecs.example")] = 0x58;
    writeFileSync(at("bit.iso"), iso);
    await expect(readBack(at("bit.iso"))).rejects.toThrow("the user-data in it is not what its checksum says");
  });

  it("takes no link in an image in place of its file", async () => {
    mkdirSync(at("link"));
    symlinkSync("/etc/hostname", at("link/user-data"));
    execFileSync("xorriso", ["-as", "mkisofs", "-quiet", "-R", "-o", at("link.iso"), at("link")], { stdio: "ignore" });
    await expect(readBack(at("link.iso"))).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
  });

  it("unpacks nothing that would fill the memory: a bomb of gzip, of a hole or of OpenPGP", async () => {
    mkdirSync(at("bomb"));
    execFileSync("truncate", ["--size=70M", at("bomb/env.yml")]);
    const tar = (name: string, ...how: string[]) =>
      execFileSync("tar", [...how, "-czf", at(name), "-C", at("bomb"), "env.yml"]);
    tar("bomb.tar.gz");
    await expect(readBack(at("bomb.tar.gz"))).rejects.toThrow("longer than any package when it is unpacked");
    tar("hole.tar.gz", "--sparse");
    await expect(readBack(at("hole.tar.gz"))).rejects.toThrow("has 73400320 bytes, more than any env.yml");
    execFileSync("truncate", ["--size=300M", at("bomb/env.yml")]);
    const encrypt = ["--homedir", at("ada"), "--batch", "-z1", "--trust-model", "always", "--recipient", "ada"];
    execFileSync("gpg", [...encrypt, "--output", at("bomb.gpg"), "--encrypt", at("bomb/env.yml")], { stdio: "ignore" });
    process.env["GNUPGHOME"] = at("ada");
    await expect(readBack(at("bomb.gpg"))).rejects.toThrow("longer than any package");
    delete process.env["GNUPGHOME"];
  });

  it.each(["/dev/zero", "zero.png"])("reads %s no further than the longest package", async (name) => {
    mkdirSync(at("endless"), { recursive: true });
    symlinkSync("/dev/zero", at("endless/zero.png"));
    const source = name.startsWith("/") ? name : at("endless");
    await expect(unpackageIt(source, { out: at("never") })).rejects.toThrow("has more than 256 MiB");
    rmSync(at("endless"), { recursive: true });
  });

  it("leaves out a folder that is called like an image", async () => {
    mkdirSync(at("albums/album.png"), { recursive: true });
    await expect(unpackageIt(at("albums"), { out: at("never") })).rejects.toThrow("holds no image");
  });

  it.runIf(canMount)("says so when there is no room for the work, as in a container with little shared memory", () => {
    execFileSync("tar", ["-czf", at("room.tar.gz"), "-C", folder, "env.yml"]);
    const command = `mount -t tmpfs -o size=4k none /dev/shm && exec "$0" apps/cli/src/main.ts env unpackage "$1" --out "$2"`;
    const args = ["--mount", "sh", "-c", command, process.execPath, at("room.tar.gz"), at("never.yml")];
    const { stderr, status } = spawnSync("unshare", args, { encoding: "utf8" });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^\/dev\/shm has no room left[^]*--shm-size/)]);
  });

  it("overwrites nothing unless it is told to", async () => {
    execFileSync("tar", ["-czf", at("again.tar.gz"), "-C", folder, "env.yml"]);
    writeFileSync(at("there.yml"), "precious");
    await expect(unpackageIt(at("again.tar.gz"), { out: at("there.yml") })).rejects.toMatchObject({
      code: "FILE_EXISTS",
    });
    expect(readFileSync(at("there.yml"), "utf8")).toBe("precious");
    symlinkSync("nowhere", at("link.yml"));
    await expect(unpackageIt(at("again.tar.gz"), { out: at("link.yml") })).rejects.toThrow("is a symlink");
    await unpackageIt(at("again.tar.gz"), { out: at("there.yml"), force: true });
    expect(readFileSync(at("there.yml"), "utf8")).toBe(env);
  });

  it.each([
    ["nothing", "cannot be read \\(ENOENT\\)"],
    ["env.yml", "is no PDF, PNG, JPEG, ISO image or archive"],
    ["ada", "holds no image"],
  ])("says of %s why it is no package", async (name, why) => {
    await expect(unpackageIt(at(name), { out: at("never") })).rejects.toThrow(new RegExp(why));
  });
});
