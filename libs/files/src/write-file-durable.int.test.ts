import { spawnSync } from "node:child_process";
import {
  existsSync,
  lstatSync,
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
import { publishGeneration, removeLeftovers, switchSymlink, writeFileDurable } from "./index.ts";

const isRoot = process.getuid?.() === 0;
const hasStrace = spawnSync("strace", ["-e", "trace=none", "true"]).status === 0;
const canMount = isRoot && spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "none", "/mnt"]).status === 0;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "files-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string) => lstatSync(path).mode & 0o7777;

/** Runs `body` in a Node of its own, so that it can be traced, killed and refused system calls. */
function inOwnProcess(body: string, wrapper: readonly string[] = []) {
  const library = JSON.stringify(join(import.meta.dirname, "index.ts"));
  const source = `import * as files from ${library}; const folder = ${JSON.stringify(folder)};
    const big = (letter) => letter.repeat(200_000);
    try { ${body} } catch (error) { console.log(error.code ?? error); process.exitCode = 3; }`;
  const node = [process.execPath, "--input-type=module", "-e", source];
  const [program = "", ...args] = [...wrapper, ...node];
  // strace counts the calls of each thread by itself, so there must be one that does the file work.
  const env = { ...process.env, UV_THREADPOOL_SIZE: "1" };
  return spawnSync(program, args, { encoding: "utf8", timeout: 30_000, env });
}

describe("writeFileDurable", () => {
  it("sets exactly the mode, whatever the umask", async () => {
    const umask = process.umask(0o077);
    await writeFileDurable(join(folder, "file"), "text", { mode: 0o4754 });
    process.umask(umask);
    expect(modeOf(join(folder, "file"))).toBe(0o4754);
  });

  it.runIf(isRoot)("sets owner and group, each by itself too", async () => {
    const ownerOf = async (attributes: { uid?: number; gid?: number }) => {
      await writeFileDurable(join(folder, "file"), "text", { mode: 0o600, ...attributes });
      const { uid, gid } = statSync(join(folder, "file"));
      return [uid, gid];
    };
    expect(await ownerOf({ uid: 5000, gid: 5020 })).toEqual([5000, 5020]);
    expect(await ownerOf({ uid: 5000 })).toEqual([5000, 0]);
    expect(await ownerOf({ gid: 5020 })).toEqual([0, 5020]);
  });

  it("replaces a symlink and leaves what it pointed to alone", async () => {
    writeFileSync(join(folder, "precious"), "precious");
    symlinkSync("precious", join(folder, "link"));
    await writeFileDurable(join(folder, "link"), "new", { mode: 0o600 });
    expect(readFileSync(join(folder, "precious"), "utf8")).toBe("precious");
    expect(readFileSync(join(folder, "link"), "utf8")).toBe("new");
  });

  it("takes the longest name that a file may have", async () => {
    await writeFileDurable(join(folder, "x".repeat(255)), "text", { mode: 0o600 });
    expect(readdirSync(folder)).toEqual(["x".repeat(255)]);
  });

  it("says that the folder is missing and leaves nothing behind", async () => {
    await expect(writeFileDurable(join(folder, "no/file"), "", { mode: 0o600 })).rejects.toMatchObject({
      code: "FILE_NOT_WRITTEN",
      message: `${folder}/no/file could not be written: ENOENT`,
    });
  });

  it.runIf(canMount).each([
    ["bytes", "size=64k", "tmpfs of 64 kB"],
    ["inodes", "nr_inodes=3", "tmpfs of 3 inodes"],
  ])("keeps the old file when the disk has no %s left", (_what, option) => {
    const onSmallDisk = [
      "unshare",
      "--mount",
      "sh",
      "-c",
      `mount -t tmpfs -o ${option} none ${folder} && exec "$0" "$@"`,
    ];
    const fillAndReport = `
      const { writeFileSync, readdirSync, readFileSync } = await import("node:fs");
      writeFileSync(folder + "/file", "old");
      if (${option.startsWith("nr_inodes")}) writeFileSync(folder + "/filler", "");
      await files.writeFileDurable(folder + "/file", big("n"), { mode: 0o600 }).catch((error) => console.log(error.code));
      console.log(readFileSync(folder + "/file", "utf8"), readdirSync(folder).filter((n) => n !== "filler").join());`;
    expect(inOwnProcess(fillAndReport, onSmallDisk).stdout).toBe("DISK_FULL\nold file\n");
  });

  it.runIf(hasStrace)("puts the content on disk before the name, and then the name", () => {
    expect(order(`await files.writeFileDurable(folder + "/file", "new", { mode: 0o600 });`)).toEqual([
      "fsync .appliance-new",
      "rename .appliance-new file",
      "fsync folder",
    ]);
  });
});

describe.runIf(hasStrace)("a writer that is killed or refused at any step", () => {
  const steps = [
    ["fchmod", 1],
    ["fsync", 1],
    ["fsync", 2],
    ["rename", 1],
  ] as const;

  const write = `await files.writeFileDurable(folder + "/file", big("n"), { mode: 0o640 }); console.log("done");`;
  const publish = `await files.publishGeneration(folder, new Map([["a", { data: big("n"), mode: 0o600 }], ["b", { data: "n", mode: 0o600 }]])); console.log("done");`;

  it.each(steps)("leaves the old file or the whole new one: SIGKILL at %s %i", (call, n) => {
    writeFileSync(join(folder, "file"), "old");
    const killed = inOwnProcess(write, inject(`${call}:signal=SIGKILL:when=${n}`));
    expect(killed.stdout).toBe("");
    expect(["old", "n".repeat(200_000)]).toContain(readFileSync(join(folder, "file"), "utf8"));
    expect(inOwnProcess(write).stdout).toBe("done\n");
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("n".repeat(200_000));
  });

  it.each(["fchmod", "fsync", "rename"])("keeps the old file and leaves nothing behind: EIO at %s", (call) => {
    writeFileSync(join(folder, "file"), "old");
    expect(inOwnProcess(write, inject(`${call}:error=EIO:when=1`)).stdout).toBe("FILE_NOT_WRITTEN\n");
    expect(readFileSync(join(folder, "file"), "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["file"]);
  });

  it.each([
    ["mkdir", 1],
    ...[1, 2, 3, 4, 5].map((n) => ["fsync", n] as const),
    ["rename", 1],
    ["symlink", 1],
    ["rename", 2],
  ] as const)("leaves one whole generation in service: SIGKILL at %s %i", async (call, n) => {
    await publishGeneration(folder, new Map([["a", { data: "old", mode: 0o600 }]]));
    expect(inOwnProcess(publish, inject(`${call}:signal=SIGKILL:when=${n}`)).stdout).toBe("");
    const names = readdirSync(join(folder, "current")).sort();
    const content = readFileSync(join(folder, "current/a"), "utf8");
    expect([
      { names: ["a"], content: "old" },
      { names: ["a", "b"], content: "n".repeat(200_000) },
    ]).toContainEqual({ names, content });
    expect(inOwnProcess(publish).stdout).toBe("done\n");
    expect(readdirSync(join(folder, "current")).sort()).toEqual(["a", "b"]);
  });
});

describe("publishGeneration", () => {
  const set = (content: string) =>
    new Map([
      ["tls.crt", { data: `certificate ${content}`, mode: 0o644 }],
      ["tls.key", { data: Buffer.from(`key ${content}`), mode: 0o640 }],
    ]);

  it("shows exactly the files of the set, readable by other users as each file allows", async () => {
    const name = await publishGeneration(folder, set("1"));
    expect(name).toMatch(/^gen-[0-9a-f]{16}$/);
    expect(readdirSync(join(folder, "current")).sort()).toEqual(["tls.crt", "tls.key"]);
    expect([modeOf(join(folder, name)), modeOf(join(folder, name, "tls.key"))]).toEqual([0o755, 0o640]);
  });

  it("touches nothing when the content is the same", async () => {
    const name = await publishGeneration(folder, set("1"));
    const before = statSync(folder, { bigint: true }).ctimeNs;
    expect(await publishGeneration(folder, set("1"))).toBe(name);
    expect(statSync(folder, { bigint: true }).ctimeNs).toBe(before);
  });

  it("makes another generation of the same bytes with another mode or another border between files", async () => {
    const nameOf = (...files: [string, { data: string; mode: number }][]) => publishGeneration(folder, new Map(files));
    const names = [
      await nameOf(["a", { data: "xy", mode: 0o600 }], ["b", { data: "", mode: 0o600 }]),
      await nameOf(["a", { data: "x", mode: 0o600 }], ["b", { data: "y", mode: 0o600 }]),
      await nameOf(["a", { data: "x", mode: 0o600 }], ["b", { data: "y", mode: 0o644 }]),
    ];
    expect(new Set(names).size).toBe(3);
  });

  it("keeps two old generations and can go back to one of them", async () => {
    const names: string[] = [];
    for (const content of ["1", "2", "3", "4", "5"]) names.push(await publishGeneration(folder, set(content)));
    expect(readdirSync(folder).sort()).toEqual(["current", ...names.slice(-3)].sort());
    expect(await publishGeneration(folder, set("4"))).toBe(names[3]);
    expect(readFileSync(join(folder, "current/tls.crt"), "utf8")).toBe("certificate 4");
  });

  it("keeps the set before through one refused set after the other, as long as its writer goes back to it", async () => {
    const good = await publishGeneration(folder, set("good"));
    for (const refused of ["1", "2", "3", "4"]) {
      await publishGeneration(folder, set(refused));
      expect(readdirSync(folder)).toContain(good);
      await switchSymlink(join(folder, "current"), good);
    }
    expect(readdirSync(folder)).toHaveLength(4);
  });

  it.each(["../evil", "a/b", "", ".", "..", "a\0b"])("refuses %j as the name of a file", async (name) => {
    await expect(publishGeneration(folder, new Map([[name, { data: "", mode: 0o600 }]]))).rejects.toThrow(
      "not a file name",
    );
    expect(readdirSync(folder)).toEqual([]);
  });

  it.runIf(hasStrace)("puts files and folder on disk before the switch, and then the switch", () => {
    const publish = `await files.publishGeneration(folder, new Map([["a", { data: "x", mode: 0o600 }]]));`;
    expect(order(publish)).toEqual([
      "fsync a",
      "fsync .appliance-new",
      "rename .appliance-new gen",
      "fsync folder",
      "rename .appliance-new current",
      "fsync folder",
    ]);
  });
});

it("removes what killed writers left an hour ago, and nothing else", async () => {
  const path = (name: string) => join(folder, name);
  for (const name of [".appliance-new-a", ".appliance-new-b", "kept"]) writeFileSync(path(name), "");
  const inTwoHours = new Date(Date.now() + 2 * 3_600_000);
  await removeLeftovers(folder);
  expect(readdirSync(folder)).toHaveLength(3);
  utimesSync(path("kept"), 0, 0);
  await removeLeftovers(folder, inTwoHours);
  expect(existsSync(path("kept")) && readdirSync(folder).length === 1).toBe(true);
});

/** strace that changes the outcome of a system call; Node by itself makes none of those used here. */
function inject(what: string): string[] {
  const call = what.slice(0, what.indexOf(":"));
  return ["strace", "-f", "-qq", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${what}`];
}

/** The durable steps of `body` in their order, each with the last parts of its paths. */
function order(body: string): string[] {
  const log = join(folder, "../", `${folder.split("/").at(-1)}.strace`);
  try {
    inOwnProcess(body, ["strace", "-f", "-y", "-qq", "-o", log, "-e", "trace=fsync,rename"]);
    const lines = readFileSync(log, "utf8")
      .split("\n")
      .filter((line) => line.includes(folder) && line.includes("("));
    return lines.map(shorten);
  } finally {
    rmSync(log, { force: true });
  }
}

function shorten(line: string): string {
  const call = /(fsync|rename)\(/.exec(line)?.[1];
  const paths = [...line.matchAll(/[<"](\/[^>"]+)[>"]/g)].map((match) => match[1] ?? "");
  const names = paths.map((path) => (path === folder ? "folder" : (path.split("/").at(-1) ?? "")));
  return [call, ...names.map((name) => name.replace(/^(\.appliance-new|gen)-[0-9a-f]+$/, "$1"))].join(" ");
}
