import { generateKeyPairSync } from "node:crypto";
import { describe, expect, it } from "vitest";
import { dnsRecords, formatRecords } from "./index.ts";

const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const dkimPrivateKey = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
const dkimPublicKey = publicKey.export({ type: "spki", format: "pem" }).toString();
const key = publicKey.export({ type: "spki", format: "der" }).toString("base64");

const lines = (text: string) => text.split("\n").filter((line) => !line.startsWith(";"));
const [before, after] = [
  `v=DKIM1; k=rsa; s=email; p=${key}`.slice(0, 255),
  `v=DKIM1; k=rsa; s=email; p=${key}`.slice(255),
];

describe("the records of a domain", () => {
  it("are right in any zone file, since no name is left to the zone", () => {
    const records = dnsRecords({ domain: "sub.whatever.example", address: "5.6.7.8", dkimPrivateKey });
    expect(lines(formatRecords(records))).toEqual([
      "sub.whatever.example. IN A 5.6.7.8",
      "sub.whatever.example. IN MX 10 sub.whatever.example.",
      'sub.whatever.example. IN TXT "v=spf1 a mx ~all"',
      `default._domainkey.sub.whatever.example. IN TXT "${before}" "${after}"`,
      '_dmarc.sub.whatever.example. IN TXT "v=DMARC1; p=quarantine; sp=none"',
      "8.7.6.5.in-addr.arpa. IN PTR sub.whatever.example.",
    ]);
  });

  it.each([
    ["whatever.example", "@", "default._domainkey", "_dmarc"],
    ["sub.whatever.example", "sub", "default._domainkey.sub", "_dmarc.sub"],
  ])("are as short as the manual's for %s in the zone whatever.example", (domain, self, dkim, dmarc) => {
    const records = dnsRecords({ domain, address: "1.2.3.4", dkimPrivateKey });
    const owners = lines(formatRecords(records, { zone: "whatever.example" })).map((line) => line.split(" ")[0]);
    expect(owners).toEqual([self, self, self, dkim, dmarc, "4.3.2.1.in-addr.arpa."]);
  });

  it("keep the whole name where the zone is only the end of a word", () => {
    const records = dnsRecords({ domain: "notwhatever.example" });
    expect(formatRecords(records, { zone: "whatever.example" })).toContain("notwhatever.example. IN A");
  });

  it("have the key of DKIM once more in one piece, for web forms", () => {
    expect(formatRecords(dnsRecords({ domain: "a.example", dkimPrivateKey }))).toContain(
      `\n;   v=DKIM1; k=rsa; s=email; p=${key}\n`,
    );
  });

  it("are the same from the public half of the key", () => {
    const domain = "a.example";
    expect(dnsRecords({ domain, dkimPublicKey })).toEqual(dnsRecords({ domain, dkimPrivateKey }));
  });

  it("have no DKIM record without a key", () => {
    expect(dnsRecords({ domain: "a.example" }).map(({ purpose }) => purpose)).not.toContain("dkim");
  });

  it("say what is to be put in where the address is not known", () => {
    const text = formatRecords(dnsRecords({ domain: "a.example" }));
    expect(text).toMatch(/^; ADDRESS is the public IPv4 address/);
    expect(lines(text)).toContain("a.example. IN A ADDRESS");
    expect(lines(text)).toContain("ADDRESS-REVERSED.in-addr.arpa. IN PTR a.example.");
  });
});
