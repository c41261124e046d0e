import { parseYaml, toData } from "@appliance/yaml11";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeExtra, readExtra } from "./extra.ts";
import { mergeValues } from "./merge-values.ts";
import { fillIn } from "./placeholders.ts";
import { defaultTemplate } from "./template.ts";

const merge = (text: string, values: string): string => {
  const { root } = parseYaml(values, { file: "extra.yml" });
  return root?.kind === "map" ? mergeValues(text, root) : "no mapping";
};

const TEXT = `#cloud-config
# Who may log in.
ssh_authorized_keys:
  # - "ssh-ed25519 AAAA"

appliance:
  # # Starts nothing.
  # standby: true
  domain: a.example  # its name
  # # Reports.
  # sentry:
  #   # Where to.
  #   dsn: https://x
  #   # How often.
  #   rate: 1
  backup:
    # Where.
    url: file:///a
    key: |
      # not a comment
      line
    # # Options.
    # options: "--x"
ecs:
  list:
  - one
  - two
`;

describe("a value of one's own", () => {
  it("takes the place of the one that is there, whatever its form, and the comments stay", () => {
    const merged = merge(TEXT, "appliance: {domain: b.example, backup: {key: short}}\necs: {list: [three]}\n");
    expect(merged).toContain("  domain: b.example\n  # # Reports.");
    expect(merged).toContain("    url: file:///a\n    key: short\n    # # Options.");
    expect(merged).toContain("ecs:\n  list:\n    - three\n");
  });

  it("comes out of its comment, with its explanation", () => {
    const merged = merge(TEXT, "appliance: {standby: yes, backup: {options: '--num 5'}}");
    expect(merged).toContain("  # Starts nothing.\n  standby: yes\n  domain");
    expect(merged).toContain("    # Options.\n    options: --num 5\necs:");
  });

  it("opens the section that it stands in and leaves the rest of that a comment", () => {
    expect(merge(TEXT, "appliance: {sentry: {rate: 2}}")).toContain(
      "  # Reports.\n  sentry:\n    # # Where to.\n    # dsn: https://x\n    # How often.\n    rate: 2\n  backup:",
    );
  });

  it("is put where its section ends when the text does not know it", () => {
    expect(merge(TEXT, "appliance: {backup: {new: 1}}")).toContain('    # options: "--x"\n    new: 1\necs:');
    expect(merge(TEXT, "other: {a: 1}")).toBe(`${TEXT.trimEnd()}\nother:\n  a: 1\n`);
  });

  it("of a list without items leaves the example in place", () => {
    expect(merge(TEXT, "ssh_authorized_keys: [k]")).toContain(
      'ssh_authorized_keys:\n  - k\n  # - "ssh-ed25519 AAAA"\n',
    );
  });

  it("keeps the characters of a number, and the lines of a text", () => {
    const merged = merge(TEXT, "appliance: {git: {branch: 1.10}, note: \"a\\n  b\\n\", odd: ' x', yes: 'no'}");
    expect(merged).toContain("git:\n    branch: 1.10\n");
    expect(merged).toContain("  note: |\n    a\n      b\n");
    expect(merged).toContain('  odd: " x"\n  yes: "no"\n');
  });

  it("that says nothing changes nothing", () => {
    expect(merge(TEXT, "appliance: {domain: , backup: {}, git: {branch: }}")).toBe(TEXT);
  });
});

describe("values of any kind in a new env.yml", () => {
  const line = fc
    .string({ unit: "grapheme", maxLength: 30 })
    .filter((text) => !/[\p{C}\p{Zl}\p{Zp}\uFEFF]/u.test(text));
  const text = fc.oneof(
    line,
    fc.array(line, { maxLength: 4 }).map((lines) => lines.join("\n")),
    fc.constantFrom("a\n", "\n", "# x\n", "- a", "a: b", "yes", "1.10"),
  );
  const leaf = fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 3 }));
  const values = fc.record(
    {
      ssh_authorized_keys: fc.array(text),
      appliance: fc.record(
        {
          standby: leaf,
          sentry: fc.record({ dsn: leaf }),
          extra: fc.record(
            { files: fc.array(fc.record({ path: leaf, contents: leaf })), states: leaf },
            { requiredKeys: [] },
          ),
          backup: fc.record({ url: leaf, mount: fc.record({ type: leaf }), encrypt: leaf }, { requiredKeys: [] }),
        },
        { requiredKeys: [] },
      ),
      ecs: fc.record(
        { git: fc.record({ branch: leaf, own: leaf }, { requiredKeys: [] }), settings: text },
        { requiredKeys: [] },
      ),
      own: leaf,
    },
    { requiredKeys: [] },
  );

  it("come back as they were given, beside everything else", async () => {
    const short = { rsa: () => Promise.resolve("R\n"), pgp: () => Promise.resolve("P\n\nQ\n"), base64: () => "B" };
    const options = { file: "template", domain: "ecs.example", secrets: short };
    const { text: whole } = await fillIn(defaultTemplate(), options);
    fc.assert(
      fc.property(values, (wanted) => {
        const root = parseYaml(JSON.stringify(wanted), { file: "extra.yml" }).root;
        if (root?.kind !== "map") throw new Error("JSON is YAML");
        // throws when the result is anything else than the text with these values
        expect(
          toData(parseYaml(mergeExtra(whole, { file: "extra.yml", values: root }), { file: "" }).root!),
        ).toBeDefined();
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

describe("a file of own values", () => {
  const read = (text: string) => () => readExtra(Buffer.from(text), { file: "extra.yml", domain: "ecs.example" });

  it.each([
    ["appliance:\n  bakcup: {url: x}\n", /extra\.yml:2:3: appliance:bakcup: unknown key.*did you mean 'backup'/],
    ["appliance:\n  backup:\n    url: fpt://x\n", /extra\.yml:3:10: appliance:backup:url: unknown scheme 'fpt'/],
    ["appliance: {domain: other.example}\n", /extra\.yml:1:21: appliance:domain: is not ecs\.example/],
    ["- a\n", /extra\.yml:1:1: the file holds a list/],
    ["a: [\n", /extra\.yml:/],
    ["", /the file has no content/],
  ])("is refused with the place of what is wrong: %j", (text, message) => {
    expect(read(text)).toThrow(message);
  });

  it("tells all that is wrong at once", () => {
    expect(read("standby: 1\nappliance: {standby: maybe}\n")).toThrow(/extra\.yml:1:1: standby[^]*extra\.yml:2:22: /);
  });

  it("need not have what the template has", () => {
    expect(read("appliance: {backup: {mount: {options: 'user=a'}}, ssl: {key: k.pem}}\n")).not.toThrow();
  });
});

it("refuses a template that is not written in lines rather than lose a value", () => {
  const values = parseYaml("appliance: {standby: true}", { file: "" }).root;
  if (values?.kind !== "map") throw new Error("no mapping");
  expect(() => mergeExtra("appliance: {domain: a}\n", { file: "extra.yml", values })).toThrow(
    /cannot be put into the template/,
  );
});
