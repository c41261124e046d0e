import { isIPv4 } from "node:net";
import type { Dns } from "./ask.ts";
import { checkAddress, checkReverse } from "./checks/address.ts";
import { checkDkim } from "./checks/dkim.ts";
import { checkDmarc } from "./checks/dmarc.ts";
import { checkMailServers } from "./checks/mail.ts";
import { checkRecord, type Finding, type RecordCheck } from "./checks/record-check.ts";
import { checkSpf } from "./checks/spf.ts";
import { reverseName, type DnsRecord, type Purpose } from "./records.ts";

/**
 * Compares what DNS has with each of the records of `dnsRecords`. Where they do not know the address, that which the domain has
 * in DNS is taken. Asks for all at once, so that a silent resolver costs no more than its time limit a few times over.
 */
export async function checkRecords(records: readonly DnsRecord[], dns: Dns): Promise<RecordCheck[]> {
  const wanted = records.find(({ purpose }) => purpose === "address");
  const seen = { domain: wanted?.name ?? "", address: wanted && (await addressOf(wanted, dns)), dns };
  const whole = records.map((record) => withAddress(record, seen));
  return Promise.all(whole.map((record) => checkRecord(record, () => LOOKS[record.purpose](record, seen))));
}

interface Seen {
  domain: string;
  address: string | undefined;
  dns: Dns;
}

async function addressOf({ name, value }: DnsRecord, dns: Dns): Promise<string | undefined> {
  if (isIPv4(value)) return value;
  const found = await dns.addresses(name).catch(() => []); // the check of the address itself tells that DNS is silent
  return found[0];
}

function withAddress(record: DnsRecord, { address }: Seen): DnsRecord {
  return record.purpose === "reverse" && address !== undefined ? { ...record, name: reverseName(address) } : record;
}

const LOOKS: Record<Purpose, (record: DnsRecord, seen: Seen) => Promise<Finding>> = {
  address: (record, { dns }) => checkAddress(record, dns),
  mail: (record, { address, dns }) => checkMailServers(record, address, dns),
  spf: (record, { address, dns }) => checkSpf(record, address, dns),
  dkim: (record, { dns }) => checkDkim(record, dns),
  dmarc: (record, { dns }) => checkDmarc(record, dns),
  reverse: async (_, { address, domain, dns }) => {
    const known = address ?? (await dns.addresses(domain))[0];
    return known === undefined ? { found: [] } : checkReverse(known, domain, dns);
  },
};
