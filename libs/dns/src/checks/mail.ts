import type { Dns, MailServer } from "../ask.ts";
import type { DnsRecord } from "../records.ts";
import { isSameName, type Finding } from "./record-check.ts";

/**
 * Mail for the domain reaches this server: an MX names a host that has an address, `address` where that is known, and is no
 * alias (RFC 2181 section 10.3).
 */
export async function checkMailServers({ name }: DnsRecord, address: string | undefined, dns: Dns): Promise<Finding> {
  const servers = (await dns.mailServers(name)).toSorted((a, b) => a.priority - b.priority);
  const looks = await Promise.all(servers.map((server) => lookAt(server, dns)));
  const isHere = ({ exchange, addresses }: Look) =>
    address === undefined ? isSameName(exchange, name) : addresses.includes(address);
  const here = looks.findIndex(isHere);
  const before = looks.slice(0, Math.max(here, 0));
  return {
    found: looks.map(({ priority, exchange }) => `${priority} ${exchange}.`),
    faults: [...looks.flatMap(({ faults }) => faults), ...(here < 0 ? [`No mail server of ${name} is this one.`] : [])],
    warnings: before.map(({ exchange }) => `Mail goes to ${exchange} first, which is not this server.`),
  };
}

interface Look extends MailServer {
  addresses: string[];
  faults: string[];
}

async function lookAt(server: MailServer, dns: Dns): Promise<Look> {
  const { exchange } = server;
  if (exchange === "") return { ...server, addresses: [], faults: ["The MX '.' says that the domain takes no mail."] };
  const [addresses, aliases] = await Promise.all([dns.addresses(exchange), dns.aliases(exchange)]);
  const faults = [
    ...aliases.map(
      (target) => `The mail server ${exchange} is an alias (CNAME) of ${target}, which an MX must not name.`,
    ),
    ...(addresses.length === 0 ? [`The mail server ${exchange} has no IPv4 address.`] : []),
  ];
  return { ...server, addresses, faults };
}
