import { parseEnv, settings, type AnySetting } from "@appliance/env";
import { describe, expect, it } from "vitest";
import { COLUMNS } from "../escrow/paper-listing.ts";
import { makeEnv } from "./make-env.ts";
import { makeSampleEnv } from "./sample.ts";
import { defaultTemplate } from "./template.ts";
import { quickSecrets as secrets } from "./testing/quick-secrets.ts";

const problemsOf = (text: string) => parseEnv(Buffer.from(text), { file: "env.yml" }).problems;

describe("a new env.yml", () => {
  it.each(["whatever.example", "sub.whatever.example", "localhost"])(
    "is taken without a complaint for %s",
    async (domain) => {
      for (const make of [makeEnv, makeSampleEnv]) {
        const { text, env } = await make({ domain, secrets });
        expect(problemsOf(text)).toEqual([]);
        expect(env.appliance).toMatchObject({ domain, allowed_hosts: [domain], storage: { ignore: { data: true } } });
      }
    },
  );

  it("has every setting of the table, in force or as a comment, under an explanation", () => {
    const template = defaultTemplate();
    for (const { key, doc } of leavesOf(settings)) {
      expect(template).toMatch(new RegExp(`^ *(# +)?(- )?${key}:`, "m"));
      expect(template.replaceAll(/\n[ #]*/g, " ")).toContain(doc.replaceAll("`", ""));
    }
  });

  it("is ASCII, which every program reads alike, and begins as cloud-init wants it", async () => {
    const { text } = await makeEnv({ domain: "xn--bcher-kva.example", secrets });
    expect(text).toMatch(/^#cloud-config\n[\n\x20-\x7e]*\n$/);
  });

  it("breaks no explanation on paper, which has 96 columns", async () => {
    const { text } = await makeEnv({ domain: "whatever.example", secrets });
    const long = text.split("\n").filter((line) => line.length > COLUMNS);
    expect(long.filter((line) => !/TXT|v=DKIM1|ssh-ed25519/.test(line))).toEqual([]);
  });

  it("has at its top the records that DNS needs, each key of them both split and whole", async () => {
    const { text } = await makeEnv({ domain: "sub.whatever.example", secrets });
    const top = text.slice(0, text.indexOf("ssh_authorized_keys:"));
    for (const type of ["A", "MX 10", "TXT", "PTR"]) expect(top).toContain(` IN ${type} `);
    expect(top).toMatch(/^# default\._domainkey\.sub\.whatever\.example\. IN TXT "[^"]{1,255}" "/m);
    expect(top).toMatch(/^# ; +v=DKIM1; k=rsa; s=email; p=[\w+/=]{392}$/m);
    expect((await makeEnv({ domain: "localhost", secrets })).text).not.toContain(" IN ");
  });
});

describe("a setting that is a comment", () => {
  /** What a setting means alone, without the one it belongs to. */
  const needsAnother: Record<string, string> = {
    key: "needs appliance:ssl:cert beside it",
    cert: "needs appliance:ssl:key beside it",
    mount: "does not lead below appliance:backup:mount:target, as in file:///mnt/appliance-backup-mount/folder",
  };
  const tolerated = /is not carried out by this version/;

  it("is right as it stands once its comment sign is taken away", async () => {
    const { text } = await makeEnv({ domain: "whatever.example", secrets });
    const lines = text.split("\n");
    const blocks = commentedBlocks(lines);
    expect(blocks.map(({ key }) => key)).toEqual(
      expect.arrayContaining(["-", "standby", "extra", "mount", "database"]),
    );
    for (const { key, from, to } of blocks) {
      const opened = lines.map((line, index) => (index >= from && index < to ? uncommented(line) : line)).join("\n");
      const messages = problemsOf(opened).map(({ message }) => message);
      expect({ key, messages: messages.filter((text) => !tolerated.test(text)) }).toEqual({
        key,
        messages: [needsAnother[key] ?? []].flat(),
      });
    }
  });

  it("is right with all the others", async () => {
    const { text } = await makeEnv({ domain: "whatever.example", secrets });
    const lines = text.split("\n");
    const inBlock = new Set(commentedBlocks(lines).flatMap(({ from, to }) => range(from, to)));
    const opened = lines.map((line, index) => (inBlock.has(index) ? uncommented(line) : line)).join("\n");
    const { env, problems } = parseEnv(Buffer.from(opened), { file: "env.yml" });
    expect(problems.filter(({ severity }) => severity === "error")).toEqual([]);
    expect(env?.appliance).toMatchObject({
      standby: true,
      metric: { exporter: true },
      extra: { packages: ["qrcode"] },
    });
    expect(env?.appliance.extra.files).toMatchObject([{ contents: "# Your content here\n", permissions: 0o600 }]);
    expect(env?.appliance.backup.mount).toMatchObject({ type: "cifs", source: "//1.2.3.4/datavolume" });
  });
});

function leavesOf({ fields = {}, item }: AnySetting): { key: string; doc: string }[] {
  const below = Object.entries(fields).flatMap(([key, field]) => [{ key, doc: field.doc }, ...leavesOf(field)]);
  return item ? [...below, ...leavesOf(item)] : below;
}

interface Block {
  key: string;
  from: number;
  to: number;
}

/** Each `# key:` or `# - item` with the lines indented below it; the keys that are comments inside of them are parts of them. */
function commentedBlocks(lines: string[]): Block[] {
  const blocks: Block[] = [];
  for (let from = lines.indexOf("ssh_authorized_keys:"); from < lines.length; from += 1) {
    const [, space = "", key] = /^( *)# (-|\w+(?=:( |$)))/.exec(lines[from] ?? "") ?? [];
    if (key === undefined || (space.length >= 4 && /ecs:/.test(sectionOf(lines, from)))) continue;
    const length = lines.slice(from + 1).findIndex((line) => !line.startsWith(`${space}#  `));
    blocks.push({ key, from, to: from + 1 + length });
    from += length;
  }
  return blocks;
}

/** `ecs:settings` is a program with comments of its own. */
const sectionOf = (lines: string[], at: number) => lines.slice(0, at).findLast((line) => /^\w/.test(line)) ?? "";

const uncommented = (line: string) => line.replace(/^( *)# /, "$1");
const range = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => from + index);
