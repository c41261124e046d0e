import { Resolver } from "node:dns/promises";
import { OperatorError, isSystemError } from "@appliance/errors";
import { reverseName } from "./records.ts";

export interface MailServer {
  exchange: string;
  priority: number;
}

/**
 * Questions to DNS. A name or a record that does not exist is an empty answer.
 * Each throws OperatorError `DNS_SILENT` when there was no answer: out of time, refused, or a failure of the server.
 */
export interface Dns {
  /** IPv4 addresses, through aliases. */
  addresses(name: string): Promise<string[]>;
  /** IPv6 addresses, through aliases. */
  addresses6(name: string): Promise<string[]>;
  mailServers(name: string): Promise<MailServer[]>;
  /** TXT records, the strings of each joined. */
  texts(name: string): Promise<string[]>;
  /** The names of an IPv4 address. */
  names(address: string): Promise<string[]>;
  /** What the name is an alias (CNAME) of. */
  aliases(name: string): Promise<string[]>;
}

const TIMEOUT_MS = 3000;
const TRIES = 2;
/** c-ares' words for "no such name", "no such record of this name" and for what is no name, such as `a..b` in an SPF record. */
const EMPTY = ["ENOTFOUND", "ENODATA", "EBADNAME"];

/**
 * @param options.server address, or address:port, of a resolver; the system's ones without it
 * @throws OperatorError `USAGE` when the server is no address
 */
export function createDns({
  server,
  timeoutMs = TIMEOUT_MS,
}: {
  server?: string | undefined;
  timeoutMs?: number;
}): Dns {
  createResolver(server, timeoutMs); // a wrong server is found before the first question
  const ask = async <T>(name: string, question: (resolver: Resolver) => Promise<T[]>): Promise<T[]> => {
    const resolver = createResolver(server, timeoutMs);
    // c-ares asks each server of the system in turn and waits longer each time; the question as a whole has one time limit.
    const limit = setTimeout(() => resolver.cancel(), timeoutMs);
    try {
      return await question(resolver);
    } catch (cause) {
      if (isSystemError(cause, ...EMPTY)) return [];
      throw silent(name, server, cause);
    } finally {
      clearTimeout(limit);
    }
  };
  return {
    addresses: (name) => ask(name, (resolver) => resolver.resolve4(name)),
    addresses6: (name) => ask(name, (resolver) => resolver.resolve6(name)),
    mailServers: (name) => ask(name, (resolver) => resolver.resolveMx(name)),
    texts: async (name) =>
      (await ask(name, (resolver) => resolver.resolveTxt(name))).map((strings) => strings.join("")),
    names: (address) => ask(reverseName(address), (resolver) => resolver.resolvePtr(reverseName(address))),
    aliases: (name) => ask(name, (resolver) => resolver.resolveCname(name)),
  };
}

function createResolver(server: string | undefined, timeoutMs: number): Resolver {
  const resolver = new Resolver({ timeout: Math.ceil(timeoutMs / TRIES), tries: TRIES });
  if (server === undefined) return resolver;
  try {
    resolver.setServers([server]);
  } catch (cause) {
    throw new OperatorError("USAGE", `'${server}' is no address of a resolver.`, {
      remedy: "Write it as an address, or as address and port, such as 9.9.9.9 or 127.0.0.1:5353.",
      cause,
    });
  }
  return resolver;
}

const REASONS: Record<string, string> = {
  ECANCELLED: "no answer in time",
  ETIMEOUT: "no answer in time",
  ECONNREFUSED: "nothing listens there",
  EREFUSED: "it refused to answer",
  ESERVFAIL: "it failed to find out",
};

function silent(name: string, server: string | undefined, cause: unknown): OperatorError {
  if (!(cause instanceof Error) || !("code" in cause)) throw cause;
  const who = server === undefined ? "The resolver of this system" : `The resolver ${server}`;
  const why = REASONS[String(cause.code)] ?? String(cause.code);
  return new OperatorError("DNS_SILENT", `${who} does not tell what DNS has for ${name}: ${why}.`, {
    remedy: "Try again, or ask another one, as with --resolver 9.9.9.9.",
    cause,
  });
}
