import { describe, expect, it } from "vitest";
import { makeEnv } from "./make-env.ts";
import { fillIn } from "./placeholders.ts";
import { quickSecrets } from "./testing/quick-secrets.ts";
import type { Secrets } from "./secrets.ts";

const secrets: Secrets = {
  rsa: () => Promise.resolve("R1\nR2\n"),
  pgp: (name, domain) => Promise.resolve(`${name} of ${domain}\n\nP\n`),
  base64: () => "B",
};
const fill = async (text: string) => (await fillIn(text, { file: "t.yml", domain: "a.example", secrets })).text;

describe("a placeholder", () => {
  it.each([
    ["{{ domain }}, {{domain}}", "a.example, a.example"],
    ["'{{ base64_secret() }}'", "'B'"],
    ["k: |\n{{ rsa_secret() | indent(2, True) }}\nend", "k: |\n  R1\n  R2\nend"],
    ["k: |\n  {{ rsa_secret()|indent(2) }}", "k: |\n  R1\n  R2"],
    ["{{ pgp_secret('ecs_backup')|indent(4,True) }}", "    ecs_backup of a.example\n\n    P"],
    ['{{ gpg_secret("x") }}', "x of a.example\n\nP"],
    ["'https://{}'.format(DOMAIN) { } }} {", "'https://{}'.format(DOMAIN) { } }} {"],
    ["{{ '{{ grains }}' }}", "{{ grains }}"],
  ])("%j becomes %j", async (template, text) => {
    expect(await fill(template)).toBe(text);
  });

  it.each([
    ["a\n  {{ domian }}", /t\.yml:2:3: \{\{ domian \}\} is no placeholder/],
    ["{{ domain() }}", /is no placeholder/],
    ["{{ rsa_secret }}", /is no placeholder/],
    ["{{ pgp_secret() }}", /is no placeholder/],
    ["{{ pgp_secret('a <b@c>') }}", /is no placeholder/],
    ["{{ salt['cmd.run']('id') }}", /is no placeholder/],
    ["{{ domain | upper }}", /is no placeholder/],
    ["{{ domain", /t\.yml:1:1: \{\{ has no \}\} on the same line/],
    ["{{ a }} {{ domain }}\n{{ b }}", /t\.yml:1:1: [^]*t\.yml:2:1: /],
  ])("%j is refused with its line", async (template, message) => {
    await expect(fill(template)).rejects.toThrow(message);
  });
});

describe("a template of the operator's own", () => {
  const make = (text: string) =>
    makeEnv({ domain: "a.example", template: { file: "t.yml", text }, secrets: quickSecrets });

  it("makes a file of it alone, with the records of DNS below the comments at its top", async () => {
    const template = [
      "#cloud-config",
      "# ours",
      "appliance:",
      "  domain: {{ domain }}",
      "  dkim:",
      "    key: |",
      "{{ rsa_secret() | indent(8, True) }}",
      "  backup:",
      "    encrypt: |",
      "{{ gpg_secret('ecs_backup')|indent(8,True) }}",
      "",
    ];
    const { text, env, warnings } = await make(template.join("\n"));
    expect(text).toMatch(
      /^#cloud-config\n# ours\n#\n# What DNS needs[^]*_domainkey[^]*\nappliance:\n  domain: a\.example\n/,
    );
    expect(env.appliance.backup.encrypt).toContain("PRIVATE KEY");
    expect(warnings).toEqual([]);
  });

  it("is refused where it is wrong, in its own lines", async () => {
    const template =
      "#cloud-config\nappliance:\n  domain: {{ domain }}\n  dkim:\n    key: |\n{{ rsa_secret() | indent(6, True) }}\n  standby: maybe\n";
    await expect(make(template)).rejects.toThrow(/t\.yml:7:12: appliance:standby: must be yes or no/);
  });

  it("is refused without a domain, and doubts about it are told", async () => {
    await expect(make("#cloud-config\necs: {}\n")).rejects.toThrow(/appliance:domain: is missing/);
    const { warnings } = await make("#cloud-config\nappliance: {domain: '{{ domain }}', own: 1}\n");
    expect(warnings).toMatchObject([{ line: 2, path: "appliance:own", severity: "warning" }]);
  });
});
