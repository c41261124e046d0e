import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseStorageSetup } from "./index.ts";

/** `LINE:COLUMN path: message` of each problem. */
const problemsOf = (text: string) =>
  parseStorageSetup(text).problems.map(({ line, column, path, message, suggestion }) =>
    [`${line}:${column} ${path}: ${message}`, suggestion].filter((part) => part !== undefined).join(" → "),
  );

const partsOf = (part: string) => `parted:\n  /dev/vdb:\n    type: gpt\n    parts:\n      - ${part}\n`;

describe("the notation", () => {
  it("is what the page for operators shows", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/storage.md"), "utf8");
    const example = [...page.matchAll(/```yaml\n([^`]+)```/g)].map(([, yaml = ""]) => yaml).find(isSetup) ?? "";
    const { setup, problems } = parseStorageSetup(example);
    expect(problems).toEqual([]);
    expect(setup?.lv.map(({ name }) => name)).toEqual(["data", "volatile", "swap"]);
    expect(setup?.format.map(({ label }) => label)).toEqual(["ecs-data", "ecs-volatile", undefined]);
  });
  const isSetup = (yaml: string) => yaml.startsWith("parted:");

  it("takes arrays and groups in the older form too, a list with `level=1`", () => {
    const { setup, problems } = parseStorageSetup(
      "mdadm:\n  /dev/md1:\n    - level=1\n    - devices:\n      - /dev/vdb4\n      - /dev/vdc4\n" +
        "lvm:\n  vg:\n    vg0:\n      - devices:\n        - /dev/md1\n",
    );
    expect(problems).toEqual([]);
    expect(setup?.mdadm).toEqual([
      { device: "/dev/md1", level: "1", devices: ["/dev/vdb4", "/dev/vdc4"], options: {} },
    ]);
    expect(setup?.vg).toEqual([{ name: "vg0", devices: ["/dev/md1"] }]);
  });

  it("reads places on a disk with any spelling of their unit", () => {
    const { setup } = parseStorageSetup(partsOf("{name: a, start: 1024kiB, end: 256Mib}"));
    expect(setup?.parted[0]?.parts).toEqual([{ name: "a", start: "1024KiB", end: "256MiB", flags: [] }]);
  });

  it("counts a size of a volume in powers of 1024, as lvcreate does", () => {
    const { setup } = parseStorageSetup("lvm:\n  lv:\n    a: {vgname: vg0, size: 2G}\n");
    expect(setup?.lv[0]?.size).toEqual({ bytes: 2 * 1024 ** 3, text: "2g" });
  });

  it("warns about what has no effect here and uses the rest", () => {
    const { setup, problems } = parseStorageSetup("format:\n  /dev/vdb: {fstype: ext4, watch_in: 'service: x'}\n");
    expect(setup?.format).toHaveLength(1);
    expect(problems).toMatchObject([{ severity: "warning", path: "format:/dev/vdb:watch_in" }]);
  });

  it("takes the text that the manual's example has", () => {
    expect(parseStorageSetup("proxy_cache: true\n")).toMatchObject({
      setup: { parted: [], swap: [] },
      problems: [{ severity: "warning" }],
    });
  });
});

describe("what is wrong", () => {
  it.each([
    ["parded: {}\n", "1:1 parded: unknown section, known are parted, mdadm, crypt, lvm, format, mount, swap → parted"],
    [
      "format:\n  /dev/vdb: {fstype: ext4, optoins: []}\n",
      "2:28 format:/dev/vdb:optoins: unknown key, known are fstype, options → options",
    ],
    [
      "format:\n  /dev/vdb: {fstype: ext5}\n",
      "2:14 format:/dev/vdb:fstype: must be one of ext2, ext3, ext4, xfs, btrfs, vfat, swap → ext2",
    ],
    [
      partsOf("{name: a, start: 0%, end: 10 parsec}"),
      "5:30 parted:/dev/vdb:parts:0:end: must be a place on the disk, such as 512MiB or 100%",
    ],
    [
      partsOf("{name: 'a b', start: 0%, end: 9%}"),
      "5:10 parted:/dev/vdb:parts:0:name: must be a name of at most 36 letters, digits, '_', '.' and '-'",
    ],
    [
      partsOf("{name: a, start: 0%, end: 9%, flags: [riad]}"),
      "5:47 parted:/dev/vdb:parts:0:flags:0: is no flag of a partition → raid",
    ],
    ["lvm: {lv: {a: {vgname: vg0}}}\n", "1:12 lvm:lv:a: needs the key 'size'"],
    ["swap: /dev/vdb\n", "1:1 swap: must be a list of devices"],
    [
      "mount: {/data: {device: /dev/vdb, fstype: ext4}}\n",
      "1:9 mount:/data: is mounted by its label: give the file system the label ecs-data instead",
    ],
    [
      "mount: {/etc/x: {device: /dev/vdb, fstype: ext4}}\n",
      "1:9 mount:/etc/x: would hide a folder of the system; take one such as /mnt/images",
    ],
    ...["/app", "/data/etc", "/volatile/docker"].map((target) => [
      `mount: {${target}: {device: /dev/vdb, fstype: ext4}}\n`,
      `1:9 mount:${target}: belongs to the appliance; take a folder such as /mnt/images`,
    ]),
    [
      "mount: {/home: {device: /dev/vdb, fstype: ext4}}\n",
      "1:9 mount:/home: would hide a folder of the system; take one such as /mnt/images",
    ],
    ["- parted\n", "1:3 0: must be the sections parted, mdadm, crypt, lvm, format, mount, swap"],
    ["parted:\n{% for a in x %}\n", "2:1 : templates ({{, {% and {#) are not carried out; write each entry out"],
  ])("is named with its place: %j", (text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
    expect(parseStorageSetup(text).setup).toBeUndefined();
  });

  it("is named as well where it is no YAML at all", () => {
    expect(problemsOf("format:\n  /dev/vdb:\n    fstype: ext4\n    fstype: xfs\n")).toEqual([
      expect.stringMatching(/^4:5 : /),
    ]);
  });

  const hostile = [
    "vdb",
    "/dev/../etc/passwd",
    "/dev/-f",
    "/dev/vdb /dev/vdc",
    "/dev/vdb;reboot",
    "/dev/$(id)",
    "/dev",
    "/dev//vdb",
    "/dev/v\u0000",
    "--all",
    "/etc/shadow",
    `/dev/${"x".repeat(300)}`,
  ];
  it.each(hostile)("is a device called %j, wherever it stands", (name) => {
    const quoted = JSON.stringify(name);
    for (const text of [
      `format: {${quoted}: {fstype: ext4}}`,
      `parted: {${quoted}: {type: gpt}}`,
      `mdadm: {/dev/md0: {level: 1, devices: [${quoted}]}}`,
      `crypt: {${quoted}: {password: x, target: y}}`,
      `lvm: {pv: [${quoted}]}`,
      `mount: {/mnt/a: {device: ${quoted}, fstype: ext4}}`,
      `swap: [${quoted}]`,
    ])
      expect([text, parseStorageSetup(text).setup]).toEqual([text, undefined]);
  });

  it.each(["-f", "-F", "--force", "/dev/vdc", "-L a;b", "-d /etc", "ecs-data", "-L x 500"])(
    "is the option %j of mkfs, which would force, name another device, or say how large it is",
    (option) => {
      expect(parseStorageSetup(`format: {/dev/vdb: {fstype: ext4, options: ["${option}"]}}`).setup).toBeUndefined();
    },
  );

  it("does not show the password", () => {
    const text = "crypt: {/dev/vdb: {password: [hunter2], target: 'a b', passwort: hunter2}}";
    expect(JSON.stringify(parseStorageSetup(text))).not.toContain("hunter2");
  });
});

describe("devices that get in each other's way", () => {
  it.each([
    [
      "format: {/dev/vdb: {fstype: ext4}}\nparted: {/dev/vdb: {type: gpt}}",
      "/dev/vdb is taken by parted:/dev/vdb already",
    ],
    ["mdadm: {/dev/md0: {level: 1, devices: [/dev/vdb, /dev/vdb]}}", "/dev/vdb is taken by mdadm:/dev/md0 already"],
    [
      "mdadm: {/dev/md0: {level: 1, devices: [/dev/md0, /dev/vdb]}}",
      "/dev/md0 is made by mdadm:/dev/md0, which comes later",
    ],
    [
      "crypt: {/dev/mapper/x: {password: y, target: x}}",
      "/dev/mapper/x is made by crypt:/dev/mapper/x, which comes later",
    ],
    [
      "crypt: {/dev/mapper/a: {password: p, target: b}, /dev/mapper/b: {password: p, target: a}}",
      "/dev/mapper/a is made by crypt:/dev/mapper/b, which comes later",
    ],
    [
      "lvm: {pv: [/dev/vg0/a], lv: {a: {vgname: vg0, size: 1g}}}",
      "/dev/mapper/vg0-a is made by lvm:lv:a, which comes later",
    ],
    [
      "lvm: {lv: {a-b: {vgname: v, size: 1g}}}\nformat: {/dev/v/a-b: {fstype: ext4}, /dev/mapper/v-a--b: {fstype: xfs}}",
      "/dev/mapper/v-a--b is taken by format:/dev/v/a-b already",
    ],
    ["crypt: {/dev/vdb: {password: p, target: a}, /dev/vdc: {password: p, target: a}}", "/dev/mapper/a is made twice"],
    ["format: {/dev/vdb: {fstype: ext4}}\nswap: [/dev/vdb]", "/dev/vdb is formatted for another use above"],
  ])("are an error: %s", (text, message) => {
    expect(parseStorageSetup(text).problems.map((problem) => problem.message)).toEqual([message]);
  });

  it("are fine where a group takes its own physical volumes", () => {
    expect(problemsOf("lvm: {pv: [/dev/vdb], vg: {vg0: {devices: [/dev/vdb]}}}")).toEqual([]);
  });
});
