import { BlockList, isIPv4 } from "node:net";
import type { Dns } from "../ask.ts";
import { expandMacros } from "./macros.ts";
import { isSpf, parseSpf, SpfFault, type Directive, type Mechanism, type Qualifier } from "./parse.ts";

export type SpfResult = "pass" | "fail" | "softfail" | "neutral" | "none";

export interface SpfVerdict {
  /** `permerror` when receivers take the record for void; `fault` says why. */
  result: SpfResult | "permerror";
  fault?: string;
  /** Terms that asked DNS; receivers allow ten. */
  lookups: number;
}

/** RFC 7208 section 4.6.4. */
const MOST_LOOKUPS = 10;
const MOST_EMPTY_ANSWERS = 2;
const MOST_NAMES = 10;
/** Those that count against the ten, besides `redirect=`. */
const ASKING: readonly Mechanism[] = ["include", "a", "mx", "ptr", "exists"];

const RESULTS: Record<Qualifier, SpfResult> = { "+": "pass", "-": "fail", "~": "softfail", "?": "neutral" };

/**
 * What a receiver makes of a mail from `domain` that the host `address` hands it; RFC 7208 section 4.
 * @throws OperatorError `DNS_SILENT` when DNS does not answer
 */
export async function evaluateSpf(dns: Dns, domain: string, address: string): Promise<SpfVerdict> {
  const run = createRun(dns, domain, address);
  try {
    return { result: await run.check(domain), lookups: run.lookups() };
  } catch (error) {
    if (!(error instanceof SpfFault)) throw error;
    return { result: "permerror", fault: error.message, lookups: run.lookups() };
  }
}

function createRun(dns: Dns, senderDomain: string, address: string) {
  let lookups = 0;
  let emptyAnswers = 0;

  const countLookup = () => {
    if (++lookups > MOST_LOOKUPS) throw new SpfFault(`needs more than ${MOST_LOOKUPS} look-ups`);
  };
  const countEmpty = <T>(answer: T[]): T[] => {
    if (answer.length === 0 && ++emptyAnswers > MOST_EMPTY_ANSWERS)
      throw new SpfFault(`asks for more than ${MOST_EMPTY_ANSWERS} names that do not exist`);
    return answer;
  };

  /** Terms stand in order and the first that matches decides, so each is asked for after the one before. */
  async function check(domain: string): Promise<SpfResult> {
    const text = await recordOf(dns, domain);
    if (text === undefined) return "none";
    const { directives, redirect } = parseSpf(text);
    for (const directive of directives) {
      if (await matches(directive, domain)) return RESULTS[directive.qualifier];
    }
    if (redirect === undefined || directives.some(({ mechanism }) => mechanism === "all")) return "neutral";
    countLookup();
    return otherRecord(nameIn(redirect, domain));
  }

  /** A record that another one leads to has to be there. */
  async function otherRecord(domain: string): Promise<SpfResult> {
    const result = await check(domain);
    if (result === "none") throw new SpfFault(`leads to ${domain}, which has none`);
    return result;
  }

  async function matches({ mechanism, argument, prefix }: Directive, domain: string): Promise<boolean> {
    if (ASKING.includes(mechanism)) countLookup();
    return matchers[mechanism](argument === undefined ? domain : nameIn(argument, domain), prefix);
  }

  const matchers: Record<Mechanism, (name: string, prefix: number) => Promise<boolean> | boolean> = {
    all: () => true,
    include: async (name) => (await otherRecord(name)) === "pass",
    a: async (name, prefix) => isWithin(address, countEmpty(await dns.addresses(name)), prefix),
    mx: async (name, prefix) => isWithin(address, await addressesOfMailServers(name), prefix),
    ptr: (name) => hasNameBelow(name),
    ip4: (network, prefix) => isWithin(address, [checkedAddress(network)], prefix),
    ip6: () => false, // the appliance sends over IPv4
    exists: async (name) => countEmpty(await dns.addresses(name)).length > 0,
  };

  async function addressesOfMailServers(name: string): Promise<string[]> {
    const servers = countEmpty(await dns.mailServers(name));
    if (servers.length > MOST_NAMES)
      throw new SpfFault(`asks for ${name}, which has more than ${MOST_NAMES} mail servers`);
    return (await Promise.all(servers.map(({ exchange }) => dns.addresses(exchange)))).flat();
  }

  async function hasNameBelow(domain: string): Promise<boolean> {
    const names = countEmpty(await dns.names(address)).slice(0, MOST_NAMES);
    const below = names.filter((name) => `.${name}`.toLowerCase().endsWith(`.${domain}`.toLowerCase()));
    return (await Promise.all(below.map((name) => dns.addresses(name)))).some((found) => found.includes(address));
  }

  const nameIn = (argument: string, domain: string) =>
    expandMacros(argument, { domain, address, sender: `postmaster@${senderDomain}` });

  return { check, lookups: () => lookups };
}

async function recordOf(dns: Dns, domain: string): Promise<string | undefined> {
  const records = (await dns.texts(domain)).filter(isSpf);
  if (records.length > 1) throw new SpfFault(`is one of ${records.length} for ${domain}, and there may be one only`);
  return records[0];
}

function isWithin(address: string, networks: string[], prefix: number): boolean {
  const list = new BlockList();
  for (const network of networks) list.addSubnet(network, prefix, "ipv4");
  return list.check(address, "ipv4");
}

function checkedAddress(text: string): string {
  if (!isIPv4(text)) throw new SpfFault(`has 'ip4:${text}', which is no IPv4 address`);
  return text;
}
