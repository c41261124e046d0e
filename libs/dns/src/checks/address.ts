import { BlockList } from "node:net";
import type { Dns } from "../ask.ts";
import { ADDRESS, type DnsRecord } from "../records.ts";
import { isSameName, type Finding } from "./record-check.ts";

/** The name has the public address, that one alone, and no IPv6 address. */
export async function checkAddress({ name, value }: DnsRecord, dns: Dns): Promise<Finding> {
  const [found, found6, aliases] = await Promise.all([dns.addresses(name), dns.addresses6(name), dns.aliases(name)]);
  const faults = [
    ...aliases.map((target) => `${name} is an alias (CNAME) of ${target}, beside which it can have no MX and no TXT.`),
    ...(found.length > 1 ? [`${name} has ${found.length} addresses, and only one of them is this server.`] : []),
    ...(value !== ADDRESS && !found.includes(value) ? [`${name} does not lead to ${value}.`] : []),
  ];
  const warnings = [
    ...found6.map(
      (address) => `Remove AAAA ${address}: the appliance answers on IPv4 only, and browsers try IPv6 first.`,
    ),
    ...found.filter(isPrivate).map((address) => `${address} is a private address, which the internet cannot reach.`),
  ];
  return { found, faults, warnings };
}

/** The name of the address is the domain, and the domain has that address; receivers of mail look at both. */
export async function checkReverse(address: string, domain: string, dns: Dns): Promise<Finding> {
  const [names, forward] = await Promise.all([dns.names(address), dns.addresses(domain)]);
  const named = names.some((name) => isSameName(name, domain));
  const faults = [
    ...(named ? [] : [`The name of ${address} is ${names.join(", ")}.`]),
    ...(named && !forward.includes(address) ? [`${domain} itself does not lead back to ${address}.`] : []),
  ];
  const several = named && names.length > 1;
  return {
    found: names.map((name) => `${name}.`),
    faults,
    warnings: several ? [`${address} has ${names.length} names, of which receivers may look at another one.`] : [],
  };
}

/** RFC 1918, and RFC 6598 of providers that share addresses. */
const PRIVATE = new BlockList();
for (const [network, prefix] of [
  ["10.0.0.0", 8],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
] as const)
  PRIVATE.addSubnet(network, prefix);

const isPrivate = (address: string) => PRIVATE.check(address);
