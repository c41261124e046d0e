import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { evaluateSpf } from "../src/index.ts";
import { startDnsServer, type DnsServer } from "../src/testing/dns-server.ts";

const ADDRESS = "192.0.2.10";
const txt = (name: string, text: string) => `txt-record=${name},"${text}"`;
const times = (count: number, word: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => word(at)).join(" ");

/** Text of the record, what a mail from 192.0.2.10 comes to, and look-ups. RFC 7208, sections 4 to 7. */
const RECORDS: [record: string, result: string, lookups: number][] = [
  ["v=spf1 -all", "fail", 0],
  ["v=spf1", "neutral", 0],
  ["v=spf1 ?all", "neutral", 0],
  ["V=SPF1 A:HOST.EXAMPLE -ALL", "pass", 1],
  ["v=spf1 ip4:192.0.2.10 -all", "pass", 0],
  ["v=spf1 ip4:192.0.2.0/28 -all", "pass", 0],
  ["v=spf1 ip4:192.0.2.16/28 -all", "fail", 0],
  ["v=spf1 ip6:2001:db8::/32 ip6:2001:db8::1 ~all", "softfail", 0],
  ["v=spf1 a:near.example/24 -all", "pass", 1],
  ["v=spf1 a:near.example/24//64 -all", "pass", 1],
  ["v=spf1 mx:mail.example -all", "pass", 1],
  ["v=spf1 -a:host.example +all", "fail", 1],
  ["v=spf1 include:good.example -all", "pass", 2],
  ["v=spf1 include:bad.example -all", "fail", 1],
  ["v=spf1 redirect=good.example", "pass", 2],
  ["v=spf1 ?all redirect=nowhere.example", "neutral", 0],
  ["v=spf1 ptr:example -all", "pass", 1],
  ["v=spf1 exists:%{ir}.list.example -all", "pass", 1],
  ["v=spf1 exists:%{i}.%{d2}.list.example -all", "fail", 1],
  ["v=spf1 a:%{l}.example -all exp=why.example", "pass", 1],
  [`v=spf1 ${times(10, () => "a:near.example")} -all`, "fail", 10],
];

const VOID: [record: string, why: RegExp][] = [
  [`v=spf1 ${times(11, () => "a:near.example")} -all`, /more than 10 look-ups/],
  ["v=spf1 include:loop.example -all", /more than 10 look-ups/],
  [`v=spf1 ${times(3, (at) => `a:nowhere${at}.example`)} -all`, /more than 2 names that do not exist/],
  ["v=spf1 include:nowhere.example -all", /leads to nowhere\.example, which has none/],
  ["v=spf1 redirect=nowhere.example", /leads to nowhere\.example, which has none/],
  ["v=spf1 include:no..name -all", /leads to no\.\.name, which has none/],
  ["v=spf1 include -all", /'include', which SPF does not know/],
  ["v=spf1 a: -all", /'a:'/],
  ["v=spf1 foo -all", /'foo'/],
  ["v=spf1 ip4:192.0.2.0/33 -all", /192\.0\.2\.0\/33/],
  ["v=spf1 ip4:host.example -all", /no IPv4 address/],
  ["v=spf1 a:%{x}.example -all", /'%\{x\}', which is no macro/],
  ["v=spf1 a:%x.example -all", /'%x', which is no macro/],
  ["v=spf1 redirect=good.example redirect=good.example", /more than one redirect/],
];

let server: DnsServer;
beforeAll(async () => {
  server = await startDnsServer([
    "host-record=host.example,192.0.2.10",
    "host-record=postmaster.example,192.0.2.10",
    "host-record=near.example,192.0.2.200",
    "mx-host=mail.example,host.example,10",
    "ptr-record=10.2.0.192.in-addr.arpa,host.example",
    "host-record=10.2.0.192.list.example,127.0.0.2",
    txt("good.example", "v=spf1 a:host.example -all"),
    txt("bad.example", "v=spf1 -all"),
    txt("loop.example", "v=spf1 include:loop.example -all"),
    ...RECORDS.map(([record], at) => txt(`r${at}.example`, record)),
    ...VOID.map(([record], at) => txt(`v${at}.example`, record)),
  ]);
});
afterAll(() => server.stop());

describe("a mail from 192.0.2.10 under the record", () => {
  it.each(RECORDS.map(([record, result, lookups], at) => ({ record, result, lookups, at })))(
    "$record comes to $result",
    async ({ at, result, lookups }) => {
      expect(await evaluateSpf(server.dns, `r${at}.example`, ADDRESS)).toEqual({ result, lookups });
    },
  );

  it.each(VOID.map(([record, why], at) => ({ record, why, at })))("$record comes to an error", async ({ at, why }) => {
    const { result, fault } = await evaluateSpf(server.dns, `v${at}.example`, ADDRESS);
    expect([result, fault]).toEqual(["permerror", expect.stringMatching(why)]);
  });

  it("comes to nothing where a domain has none", async () => {
    expect(await evaluateSpf(server.dns, "host.example", ADDRESS)).toEqual({ result: "none", lookups: 0 });
  });
});
