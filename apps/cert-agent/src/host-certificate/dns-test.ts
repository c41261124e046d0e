import { Resolver } from "node:dns/promises";
import * as z from "zod";
import type { TestAnswer } from "./challenge-folder.ts";
import { inGroups, whyNotAnswered } from "./challenge-test.ts";

/** What came of the test of one name through DNS, as the authority would go. */
export const DnsResult = z.object({
  name: z.string(),
  /**
   * `fine`: every address leads here. `nothing`: DNS has no address. `other`: an address leads to another server. `silent`: nothing
   * answers at an address, which behind a router without hairpin says nothing.
   */
  verdict: z.enum(["fine", "nothing", "other", "silent"]),
  /** A sentence for people. */
  detail: z.string(),
  at: z.coerce.date(),
});
export type DnsResult = z.infer<typeof DnsResult>;

export interface DnsDeps {
  /** Addresses of a name; `[]` where it has none. Rejects when DNS does not answer. */
  addressesOf: (name: string, signal: AbortSignal) => Promise<string[]>;
  /** The port that the world uses, 80. */
  publicPort: number;
}

const DNS_TIMEOUT_MS = 5000;
const NO_RECORD = ["ENODATA", "ENOTFOUND"];

/** Tests each name through DNS and the public address. It only reports: many hosts cannot reach themselves that way. */
export async function testThroughDns(
  deps: DnsDeps,
  names: readonly string[],
  answer: TestAnswer,
  { now, signal }: { now: Date; signal: AbortSignal },
): Promise<DnsResult[]> {
  return inGroups(names, async (name) => ({ name, at: now, ...(await testName(deps, name, answer, signal)) }));
}

async function testName(
  { addressesOf, publicPort }: DnsDeps,
  name: string,
  answer: TestAnswer,
  signal: AbortSignal,
): Promise<Pick<DnsResult, "verdict" | "detail">> {
  const addresses = await addressesOf(name, signal).catch((error: unknown) => {
    signal.throwIfAborted();
    return whyNoAnswer(error);
  });
  if (typeof addresses === "string")
    return { verdict: "nothing", detail: `DNS gives no answer for ${name} (${addresses}).` };
  if (addresses.length === 0) return { verdict: "nothing", detail: `DNS has no address for ${name}.` };
  const troubles = await inGroups(addresses, async (address) => {
    const trouble = await whyNotAnswered({ address, port: publicPort }, name, answer, signal);
    return trouble && { ...trouble, detail: `${recordOf(address)} ${address}: ${trouble.detail}` };
  });
  const found = troubles.filter((trouble) => trouble !== undefined);
  if (found.length === 0) return { verdict: "fine", detail: `${name} leads to this host.` };
  const verdict = found.some(({ kind }) => kind === "other") ? "other" : "silent";
  return { verdict, detail: `${name} does not lead to this host: ${found.map(({ detail }) => detail).join("; ")}.` };
}

const recordOf = (address: string) => (address.includes(":") ? "AAAA" : "A");

/** The addresses that DNS has, over the resolvers of this host: `/etc/hosts` is none of the authority's business. */
export async function resolveAddresses(name: string, signal: AbortSignal): Promise<string[]> {
  const resolver = new Resolver({ timeout: DNS_TIMEOUT_MS, tries: 2 });
  const cancel = () => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const kinds = [resolver.resolve4(name), resolver.resolve6(name)].map((asked) => asked.catch(noRecord));
    return (await Promise.all(kinds)).flat();
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

function noRecord(error: unknown): string[] {
  if (error instanceof Error && "code" in error && NO_RECORD.includes(String(error.code))) return [];
  throw error;
}

const whyNoAnswer = (error: unknown): string =>
  error instanceof Error && "code" in error ? String(error.code) : "an unknown fault";
