import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPlainHost, createRootFolderHost, type Host, type Verb } from "./index.ts";

const isRoot = process.getuid?.() === 0;
const { uid: myUid, gid: myGid } = statSync("/proc/self");
const ME = `${myUid}:${myGid}`;

let root: string;
let host: Host;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "host-"));
  for (const folder of ["etc", "app", "data/etc", "home/ada", "run", "usr/lib"])
    mkdirSync(join(root, folder), { recursive: true });
  symlinkSync("/data/etc", join(root, "app/etc"));
  symlinkSync("usr/lib", join(root, "lib"));
  writeFileSync(
    join(root, "etc/passwd"),
    `root:x:0:0:root:/root:/bin/bash\nada:x:1815:1852:Ada:/home/ada:/bin/sh\nme:x:${myUid}:${myGid}::/home/ada:\n`,
  );
  writeFileSync(join(root, "etc/group"), "root:x:0:\nssl-cert:x:117:ada\n");
  host = createRootFolderHost({ root });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (path: string, content = "text", more: { mode?: number; owner?: string } = {}) =>
  host.files.write({ path, content, mode: 0o600, owner: ME, ...more });
const textOf = (path: string) => readFileSync(join(root, path), "utf8");

describe("files", () => {
  it("writes once, and again only when content, mode or owner differ", async () => {
    expect(await write("/etc/motd")).toBe(true);
    expect(await write("/etc/motd")).toBe(false);
    expect(await write("/etc/motd", "other")).toBe(true);
    expect(await write("/etc/motd", "other", { mode: 0o644 })).toBe(true);
    expect(await host.files.observe("/etc/motd")).toEqual({
      type: "file",
      sha256: createHash("sha256").update("other").digest("hex"),
      size: 5,
      mode: 0o644,
      uid: myUid,
      gid: myGid,
    });
  });

  it("tells before writing what a write would find, and refuses what it would refuse", async () => {
    const file = { path: "/etc/motd", content: "text", mode: 0o600, owner: ME };
    expect(await host.files.compare(file)).toBe("missing");
    await host.files.write(file);
    expect(await host.files.compare(file)).toBe("same");
    expect(await host.files.compare({ ...file, content: "other" })).toBe("different");
    expect(await host.files.compare({ ...file, mode: 0o644 })).toBe("different");
    expect(await host.files.compare({ ...file, owner: "4711:4711" })).toBe("different");
    await expect(host.files.compare({ ...file, path: "/proc/sysrq-trigger" })).rejects.toMatchObject({
      code: "PATH_REFUSED",
    });
  });

  it.runIf(isRoot)("knows owners by the host's names and by numbers", async () => {
    const ownerOf = async (owner: string) => {
      await write("/etc/file", "text", { owner });
      const { uid, gid } = statSync(join(root, "etc/file"));
      return [uid, gid];
    };
    expect(await ownerOf("ada:ssl-cert")).toEqual([1815, 117]);
    expect(await ownerOf("ada")).toEqual([1815, 1852]);
    expect(await ownerOf("root:root")).toEqual([0, 0]);
    expect(await ownerOf("5000:117")).toEqual([5000, 117]);
  });

  it.each(["adda:root", "root:ssl-certs", "ada:", ":root", "a:b:c", ""])("refuses the owner %j", async (owner) => {
    await expect(write("/etc/file", "", { owner })).rejects.toMatchObject({ code: "HOST_OWNER_UNKNOWN" });
    expect(existsSync(join(root, "etc/file"))).toBe(false);
  });

  it("suggests the name that was probably meant", async () => {
    await expect(write("/etc/file", "", { owner: "adda:root" })).rejects.toThrow(
      "this host has no user 'adda', did you mean 'ada'?",
    );
  });

  it("makes missing folders, as root's and 0755", async () => {
    await write("/etc/new/deep/file");
    expect(textOf("etc/new/deep/file")).toBe("text");
    expect(statSync(join(root, "etc/new/deep")).mode & 0o777).toBe(0o755);
  });

  it("goes through the appliance's own symlinks and merged /usr, inside the root", async () => {
    await write("/app/etc/hooks/start");
    await write("/lib/systemd/x.conf");
    expect([textOf("data/etc/hooks/start"), textOf("usr/lib/systemd/x.conf")]).toEqual(["text", "text"]);
  });

  it("refuses any other symlink, on the way or at the end", async () => {
    symlinkSync("/data/etc", join(root, "etc/link"));
    symlinkSync("/etc/passwd", join(root, "etc/end"));
    for (const path of ["/etc/link/file", "/etc/end"])
      await expect(write(path)).rejects.toMatchObject({ code: "PATH_REFUSED" });
    expect(textOf("etc/passwd")).toContain("ada");
  });

  it("refuses a foreign place also when an own symlink leads there", async () => {
    rmSync(join(root, "app/etc"));
    symlinkSync("/run/appliance", join(root, "app/etc"));
    mkdirSync(join(root, "run/appliance"));
    await expect(write("/app/etc/slice")).rejects.toMatchObject({
      code: "PATH_REFUSED",
      message: expect.stringContaining("/run/appliance"),
    });
  });

  it.each(["etc/x", "/etc/../x", "/proc/x", "/run/docker.sock", "/run/appliance/x", "/var/lib/appliance/x"])(
    "refuses %s",
    async (path) => {
      await expect(write(path)).rejects.toMatchObject({ code: "PATH_REFUSED" });
    },
  );

  it("refuses to replace a folder, a pipe or a device", async () => {
    mkdirSync(join(root, "etc/folder"));
    spawnSync("mkfifo", [join(root, "etc/pipe")]);
    for (const path of ["/etc/folder", "/etc/pipe"]) {
      expect(await host.files.observe(path)).toEqual({ type: "other" });
      await expect(write(path)).rejects.toMatchObject({
        code: "PATH_REFUSED",
        message: expect.stringContaining("no regular file"),
      });
    }
  });

  it("leaves the other name of a hard link alone", async () => {
    writeFileSync(join(root, "etc/one"), "precious");
    linkSync(join(root, "etc/one"), join(root, "etc/two"));
    await write("/etc/two", "new");
    expect([textOf("etc/one"), textOf("etc/two")]).toEqual(["precious", "new"]);
  });

  it("says what is missing", async () => {
    expect(await host.files.observe("/etc/nothing/here")).toEqual({ type: "missing" });
  });
});

describe("facts", () => {
  it("are those of the machine, and of the files below the root", async () => {
    writeFileSync(join(root, "etc/os-release"), 'NAME="x"\nID=debian\nVERSION_ID="13"\n');
    symlinkSync("/usr/share/zoneinfo/Europe/Vienna", join(root, "etc/localtime"));
    const facts = await host.facts();
    expect(facts).toMatchObject({ os: { id: "debian", version: "13" }, timeZone: "Europe/Vienna", systemd: false });
    expect(facts.memoryMb).toBe(
      Math.floor(Number(/MemTotal:\s+(\d+)/.exec(readFileSync("/proc/meminfo", "utf8"))?.[1]) / 1024),
    );
    expect(facts.cores).toBe(readFileSync("/proc/stat", "utf8").match(/^cpu\d+ /gm)?.length);
    expect(facts.bootId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ["a copied localtime and a name beside it", "Europe/Berlin\n", "Europe/Berlin"],
    ["a name that is no zone", "Nowhere/Land\n", "UTC"],
    ["no name at all", undefined, "UTC"],
  ])("take the time zone of a host with %s", async (_what, named, expected) => {
    writeFileSync(join(root, "etc/localtime"), "TZif");
    if (named) writeFileSync(join(root, "etc/timezone"), named);
    expect((await host.facts()).timeZone).toBe(expected);
  });

  it("see systemd by the folder that it makes", async () => {
    mkdirSync(join(root, "run/systemd/system"), { recursive: true });
    expect((await host.facts()).systemd).toBe(true);
  });
});

describe("a root folder", () => {
  const acts: [Verb, (on: Host) => Promise<unknown>][] = [
    ["hostname", (on) => on.hostname.set("other-name")],
    ["packages", (on) => on.packages.start("x", { action: "upgrade" })],
    ["mounts", (on) => on.mounts.mount({ type: "tmpfs", source: "none", target: "/mnt/x" })],
    ["units", (on) => on.units.stop("docker.service")],
    ["program", (on) => on.program.run({ text: "true" }, { timeoutMs: 1 })],
    ["sshKeys", (on) => on.sshKeys.change("root", { add: [], remove: [] })],
    ["drives", (on) => on.drives.observe()],
    ["metadataBlock", (on) => on.metadataBlock.ensure()],
    ["reboot", (on) => on.reboot()],
  ];

  it.each(acts)("never does %s to the machine, and gives the reason for the plan", async (verb, act) => {
    expect(host.whyUnavailable(verb)).toMatch(/this machine, not (on|of) this root$/);
    await expect(act(host)).rejects.toMatchObject({ code: "HOST_VERB_UNAVAILABLE" });
    expect(readdirSync(join(root, "etc")).sort()).toEqual(["group", "passwd"]);
  });

  it("has the verb that it can carry out", () => {
    expect(host.whyUnavailable("files")).toBeUndefined();
  });
});

describe("mounts", () => {
  interface Wanted {
    type?: string;
    source?: string;
    target?: string;
    options?: string;
  }

  const mount = (wanted: Wanted) => {
    const calls: string[][] = [];
    const on = createPlainHost({
      root,
      run: async (program, args) => {
        calls.push([program, ...args]);
        const file = /credentials=([^, ]+)/.exec(args.join(" "))?.[1];
        if (file)
          calls.push(["credentials", readFileSync(root + file, "utf8"), String(lstatSync(root + file).mode & 0o777)]);
        return { exitCode: 0, stdout: "", stderr: "", cutBytes: { stdout: 0, stderr: 0 }, durationMs: 1 };
      },
    });
    const full = { type: "cifs", source: "//1.2.3.4/volume", target: "/mnt/appliance-test", ...wanted };
    return on.mounts.mount(full).then(() => calls);
  };

  it("give user and password of cifs by a file that only root reads and that is gone afterwards", async () => {
    const [command, file] = await mount({ options: "user=ada,vers=3.0,pass=a=b c" });
    expect(command?.slice(-7, -1)).toEqual([
      "-t",
      "cifs",
      "-o",
      expect.stringMatching(/^vers=3.0,credentials=\/run\/appliance\/host\/[0-9a-f]+$/),
      "--",
      "//1.2.3.4/volume",
    ]);
    expect(file).toEqual(["credentials", "username=ada\npassword=a=b c\n", String(0o600)]);
    expect(readdirSync(join(root, "run/appliance/host"))).toEqual([]);
  });

  it("clear away what an agent left that was killed", async () => {
    mkdirSync(join(root, "run/appliance/host"), { recursive: true });
    writeFileSync(join(root, "run/appliance/host/old"), "password=left");
    utimesSync(join(root, "run/appliance/host/old"), 0, 0);
    await mount({ options: "user=ada,pass=secret-word" });
    expect(readdirSync(join(root, "run/appliance/host"))).toEqual([]);
  });

  const refused: Wanted[] = [
    { type: "davfs", options: "username=ada,password=secret-word" },
    { type: "-o loop" },
    { source: "" },
    { options: "rw\nx" },
    ...["/", "/etc", "/proc/x", "/run/x", "/usr/lib", "/mnt/../etc", "mnt", "/mnt/", "/app"].map((target) => ({
      target,
    })),
  ];

  it.each(refused.map((wanted) => [wanted]))("refuse %j", async (wanted) => {
    const error = await mount(wanted).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "HOST_ARGUMENT_REFUSED" });
    expect(String(error)).not.toContain("secret-word");
  });
});
