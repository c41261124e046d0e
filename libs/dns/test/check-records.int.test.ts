import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { checkRecords, createDns, dnsRecords, formatRecord, type RecordCheck } from "../src/index.ts";
import { startDnsServer, startSilentServer, type DnsServer } from "../src/testing/dns-server.ts";

const ADDRESS = "192.0.2.10";
const pem = () =>
  generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const dkimPrivateKey = pem();

/** dnsmasq's lines for what `appliance dns` prints, without those whose purpose is replaced. */
function published(domain: string, replaced: Partial<Record<string, string[]>> = {}): string[] {
  return dnsRecords({ domain, address: ADDRESS, dkimPrivateKey }).flatMap((record) => {
    const { purpose, name, type, value } = record;
    if (replaced[purpose]) return replaced[purpose];
    if (type === "A") return [`host-record=${name},${value}`];
    if (type === "MX") return [`mx-host=${name},${value.slice("10 ".length, -1)},10`];
    if (type === "PTR") return []; // one address has one name only, see below
    return [`txt-record=${name},${formatRecord(record).split(" IN TXT ")[1]!.replaceAll('" "', '","')}`];
  });
}

const dkimOf = (domain: string, text: string) => `txt-record=default._domainkey.${domain},"${text}"`;
const otherKey = dnsRecords({ domain: "x", dkimPrivateKey: pem() }).find(({ purpose }) => purpose === "dkim")!;
const otherKeyQuoted = formatRecord(otherKey).split(" IN TXT ")[1]!.replaceAll('" "', '","');

/** What is wrong in DNS, and the one purpose that it concerns. */
const FAULTS: [what: string, purpose: string, lines: (domain: string) => string[], says: RegExp][] = [
  ["no address", "address", () => [], /^$/],
  ["another address", "address", (d) => [`host-record=${d},192.0.2.11`], /does not lead to 192\.0\.2\.10/],
  [
    "two addresses",
    "address",
    (d) => [`host-record=${d},192.0.2.10`, `host-record=${d},192.0.2.11`],
    /has 2 addresses/,
  ],
  ["no MX", "mail", () => [], /^$/],
  ["an MX that has no address", "mail", (d) => [`mx-host=${d},gone.example,10`], /gone\.example has no IPv4 address/],
  ["an MX that is an alias", "mail", (d) => [`mx-host=${d},alias.example,10`], /alias\.example is an alias \(CNAME\)/],
  ["an MX that says no mail", "mail", (d) => [`mx-host=${d},.,0`], /takes no mail/],
  ["an MX elsewhere", "mail", (d) => [`mx-host=${d},other.example,10`], /No mail server of .* is this one/],
  ["no SPF", "spf", (d) => [`txt-record=${d},"some other text"`], /^$/],
  [
    "two SPF records",
    "spf",
    (d) => [`txt-record=${d},"v=spf1 a ~all"`, `txt-record=${d},"v=spf1 mx ~all"`],
    /has 2 SPF/,
  ],
  ["SPF without this host", "spf", (d) => [`txt-record=${d},"v=spf1 ip4:192.0.2.99 -all"`], /comes to fail/],
  ["SPF that is none", "spf", (d) => [`txt-record=${d},"v=spf1 a mxx ~all"`], /'mxx', which SPF does not know/],
  [
    "SPF that asks too much",
    "spf",
    (d) => [`txt-record=${d},"v=spf1 a include:eleven.example ~all"`],
    /more than 10 look-ups/,
  ],
  ["no DKIM", "dkim", () => [], /^$/],
  [
    "another key",
    "dkim",
    (d) => [`txt-record=default._domainkey.${d},${otherKeyQuoted}`],
    /not that of appliance:dkim:key/,
  ],
  ["a key that was taken back", "dkim", (d) => [dkimOf(d, "v=DKIM1; p=")], /was taken back/],
  ["a key with quotes in it", "dkim", (d) => [dkimOf(d, "'v=DKIM1' k=rsa")], /no DKIM record/],
  ["no DMARC", "dmarc", () => [], /^$/],
  [
    "two policies",
    "dmarc",
    (d) => ["none", "reject"].map((p) => `txt-record=_dmarc.${d},"v=DMARC1; p=${p}"`),
    /has 2 DMARC/,
  ],
  ["a policy that is none", "dmarc", (d) => [`txt-record=_dmarc.${d},"v=DMARC1; p=refuse"`], /neither none nor/],
];

const WARNINGS: [what: string, purpose: string, lines: (domain: string) => string[], says: RegExp][] = [
  ["an IPv6 address", "address", (d) => [`host-record=${d},${ADDRESS},2001:db8::1`], /Remove AAAA 2001:db8::1/],
  [
    "another mail server first",
    "mail",
    (d) => [`mx-host=${d},other.example,5`, `mx-host=${d},${d},10`],
    /other\.example first/,
  ],
  ["SPF for everybody", "spf", (d) => [`txt-record=${d},"v=spf1 +all"`], /lets everybody send/],
  ["the manual's SPF", "spf", (d) => [`txt-record=${d},"v=spf1 a mx ptr ~all"`], /has 'ptr'/],
  [
    "a policy that lets all through",
    "dmarc",
    (d) => [`txt-record=_dmarc.${d},"v=DMARC1; p=none; pct=50"`],
    /p=none.*'pct='/s,
  ],
];

const named = (cases: typeof FAULTS, letter: string) =>
  cases.map(([what, purpose, lines, says], at) => ({ what, purpose, lines, says, domain: `${letter}${at}.example` }));
const faults = named(FAULTS, "f");
const warnings = named(WARNINGS, "w");

let server: DnsServer;
beforeAll(async () => {
  server = await startDnsServer([
    ...published("right.example"),
    "ptr-record=10.2.0.192.in-addr.arpa,right.example",
    "ptr-record=11.2.0.192.in-addr.arpa,other.example",
    "host-record=other.example,192.0.2.11",
    "cname=alias.example,right.example",
    "ptr-record=12.2.0.192.in-addr.arpa,f1.example",
    `txt-record=eleven.example,"v=spf1 ${Array.from({ length: 10 }, () => "a:other.example").join(" ")} ~all"`,
    ...[...faults, ...warnings].flatMap(({ domain, purpose, lines }) =>
      published(domain, { [purpose]: lines(domain) }),
    ),
  ]);
});
afterAll(() => server.stop());

const check = (domain: string, address: string | undefined = ADDRESS) =>
  checkRecords(dnsRecords({ domain, address, dkimPrivateKey }), server.dns);
const of = (checks: RecordCheck[], purpose: string) => checks.find(({ record }) => record.purpose === purpose)!;

describe("records as they are printed", () => {
  it("are present, all of them, and nothing is to be said of them", async () => {
    const checks = await check("right.example");
    expect(checks.map(({ state, faults, warnings }) => [state, ...faults, ...warnings])).toEqual(
      Array.from({ length: 6 }, () => ["present"]),
    );
  });

  it("are present without the address being given, the reverse name too", async () => {
    const checks = await checkRecords(dnsRecords({ domain: "right.example", dkimPrivateKey }), server.dns);
    expect(checks.every(({ state }) => state === "present")).toBe(true);
    expect(of(checks, "reverse").record.name).toBe("10.2.0.192.in-addr.arpa");
  });
});

describe("a domain in DNS with", () => {
  it.each(faults)("$what is told with its $purpose record", async ({ domain, purpose, says }) => {
    const { state, faults, found } = of(await check(domain), purpose);
    expect(state).toBe(found.length === 0 ? "missing" : "different");
    expect(faults.join("\n")).toMatch(says);
  });

  it.each(warnings)("$what is well, and told", async ({ domain, purpose, says }) => {
    const { state, warnings } = of(await check(domain), purpose);
    expect(state).toBe("present");
    expect(warnings.join("\n")).toMatch(says);
  });
});

describe("the reverse name", () => {
  it("is missing where the address has none", async () => {
    expect(of(await check("right.example", "192.0.2.99"), "reverse").state).toBe("missing");
  });

  it("is different where it is another host's", async () => {
    const { state, faults } = of(await check("right.example", "192.0.2.11"), "reverse");
    expect([state, ...faults]).toEqual(["different", "The name of 192.0.2.11 is other.example."]);
  });

  it("is different where the name does not lead back to the address", async () => {
    const { state, faults } = of(await check("f1.example", "192.0.2.12"), "reverse");
    expect([state, ...faults]).toEqual(["different", "f1.example itself does not lead back to 192.0.2.12."]);
  });
});

it("says of each record that a silent resolver did not tell, within a few time limits", async () => {
  const silent = await startSilentServer();
  const startedAt = performance.now();
  const checks = await checkRecords(
    dnsRecords({ domain: "right.example", dkimPrivateKey }),
    createDns({ server: silent.address, timeoutMs: 300 }),
  );
  silent.stop();
  expect(performance.now() - startedAt).toBeLessThan(3000);
  expect(checks.map(({ state }) => state)).toEqual(Array.from({ length: 6 }, () => "unanswered"));
  expect(checks[0]!.faults[0]).toMatch(/does not tell what DNS has for right\.example: no answer in time/);
});
