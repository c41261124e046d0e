import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDnsServer, type DnsServer } from "@appliance/dns/testing";
import { dns, type DnsOptions } from "./dns.ts";

const folder = mkdtempSync(join(tmpdir(), "dns-command-"));
const file = join(folder, "env.yml");
const hostile = join(folder, "hostile.yml");
const broken = join(folder, "broken.yml");
const FOUND = [
  "mx-host=m.example,m.example,10",
  "host-record=m.example,192.0.2.7",
  'txt-record=m.example,"v=spf1 mx -all"',
  'txt-record=_dmarc.hostile.example,"v=DMARC1; p=\u001b[2J\u009b1mnone"',
];

let server: DnsServer;
beforeAll(async () => {
  writeFileSync(file, "#cloud-config\nappliance:\n  domain: m.example\n");
  writeFileSync(hostile, "#cloud-config\nappliance:\n  domain: hostile.example\n");
  writeFileSync(broken, "#cloud-config\nappliance:\n  domain: '-'\n");
  server = await startDnsServer(FOUND);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function run(options: Partial<DnsOptions>, path: string | undefined = file) {
  const printed: string[] = [];
  const print = (text: string) => void printed.push(text);
  const terminal = { print, say: print, json: (value: unknown) => print(JSON.stringify(value)) };
  const installation = { root: folder } as Parameters<typeof dns>[2]["installation"];
  const exitCode = await dns(path, { check: false, json: false, ...options }, { terminal, installation });
  return { exitCode, text: printed.join("\n") };
}

const check = (options: Partial<DnsOptions> = {}) => run({ check: true, resolver: server.address, ...options });

describe("appliance dns", () => {
  it("prints the records, whatever DNS says", async () => {
    const { exitCode, text } = await run({ address: "192.0.2.7" });
    expect(exitCode).toBe(0);
    expect(text).toContain("m.example. IN A 192.0.2.7\n");
    expect(text).toContain("7.2.0.192.in-addr.arpa. IN PTR m.example.");
  });

  it("--check ends with 1 and gives the line of each record that is missing", async () => {
    const { exitCode, text } = await check();
    expect(exitCode).toBe(1);
    expect(text.split("\n")).toEqual([
      "present     address  A    m.example",
      "present     mail     MX   m.example",
      "present     spf      TXT  m.example",
      "missing     dmarc    TXT  _dmarc.m.example",
      '  → _dmarc.m.example. IN TXT "v=DMARC1; p=quarantine; sp=none"',
      "present     reverse  PTR  7.2.0.192.in-addr.arpa",
    ]);
  });

  it("--check tells what DNS has in place of the wanted record", async () => {
    const { text } = await check({ address: "192.0.2.8", zone: "example" });
    expect(text.split("\n").slice(0, 4)).toEqual([
      "different   address  A    m.example",
      "  m.example does not lead to 192.0.2.8.",
      "  DNS has: 192.0.2.7",
      "  → m IN A 192.0.2.8",
    ]);
  });

  it.each(["Example.", "EXAMPLE"])("writes names as seen from the zone %s, however it is spelt", async (zone) => {
    expect((await run({ zone })).text).toContain("\nm IN A ADDRESS\n");
    const { records } = JSON.parse((await run({ zone, json: true })).text) as { records: { line: string }[] };
    expect(records[0]?.line).toBe("m IN A ADDRESS");
  });

  it("--check shows what others wrote into DNS without letting it command the terminal", async () => {
    const { text } = await run({ check: true, resolver: server.address }, hostile);
    expect(text).toContain("  DNS has: v=DMARC1; p=\\u{1b}[2J");
    for (const sign of ["\u001b", "\u009b"]) expect(text).not.toContain(sign);
  });

  it("--check --json has the state of each record", async () => {
    const { exitCode, text } = await check({ json: true });
    const { ok, checks } = JSON.parse(text) as { ok: boolean; checks: { state: string; record: { line: string } }[] };
    expect([exitCode, ok]).toEqual([1, false]);
    expect(checks[3]).toMatchObject({ state: "missing", record: { line: expect.stringContaining("_dmarc") } });
  });

  it.each([
    ["an address that is none", { address: "1.2.3" }, file, "USAGE"],
    ["a zone that is none", { zone: "a b" }, file, "USAGE"],
    ["a resolver that is none", { check: true, resolver: "nobody" }, file, "USAGE"],
    ["a file that is not there", {}, join(folder, "nowhere.yml"), "USAGE"],
    ["a file with errors", {}, broken, "ENV_INVALID"],
  ])("refuses %s", async (_, options, path, code) => {
    await expect(run(options, path)).rejects.toMatchObject({ code });
  });
});
