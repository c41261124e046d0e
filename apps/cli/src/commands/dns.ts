import { isIPv4 } from "node:net";
import { checkRecords, createDns, dnsRecords, formatRecord, formatRecords, type DnsRecord } from "@appliance/dns";
import type { RecordCheck } from "@appliance/dns";
import { OperatorError } from "@appliance/errors";
import type { Context } from "../context.ts";
import { EXIT } from "../exit-codes.ts";
import { asHostName } from "../host-name.ts";
import { readEnv } from "../read-env.ts";

export interface DnsOptions {
  check: boolean;
  json: boolean;
  resolver?: string;
  address?: string;
  zone?: string;
}

/**
 * `appliance dns [FILE]`: the DNS records that env.yml's domain needs. With `--check` what DNS has of them; exit code 1 when one
 * of them is not as it should be. Works without any service.
 */
export async function dns(
  file: string | undefined,
  options: DnsOptions,
  { terminal, installation }: Pick<Context, "terminal" | "installation">,
): Promise<number> {
  const { address } = options;
  const zone = options.zone === undefined ? undefined : asHostName(options.zone);
  if (address !== undefined && !isIPv4(address)) throw wrongAddress(address);
  const { domain, dkim } = readEnv(file ?? `${installation.root}/app/env.yml`).env.appliance;
  const records = dnsRecords({ domain, dkimPrivateKey: dkim.key, address });
  if (options.check) return check(records, { ...options, zone }, terminal);
  if (options.json) terminal.json({ domain, records: records.map((record) => withLine(record, zone)) });
  else terminal.print(formatRecords(records, { zone }));
  return EXIT.ok;
}

async function check(
  records: DnsRecord[],
  { resolver, zone, json }: Pick<DnsOptions, "resolver" | "json"> & { zone: string | undefined },
  terminal: Context["terminal"],
): Promise<number> {
  const checks = await checkRecords(records, createDns({ server: resolver }));
  const ok = checks.every(({ state }) => state === "present");
  if (json) terminal.json({ ok, checks: checks.map((found) => ({ ...found, record: withLine(found.record, zone) })) });
  else for (const found of checks) terminal.print(formatCheck(found, zone));
  return ok ? EXIT.ok : EXIT.failed;
}

const withLine = (record: DnsRecord, zone: string | undefined) => ({ ...record, line: formatRecord(record, { zone }) });

function formatCheck({ record, state, found, faults, warnings }: RecordCheck, zone: string | undefined): string {
  const { purpose, type, name } = record;
  return [
    `${state.padEnd(10)}  ${purpose.padEnd(7)}  ${type.padEnd(3)}  ${name}`,
    ...faults.map((fault) => `  ${fault}`),
    ...(state === "different" ? found.map((value) => `  DNS has: ${value}`) : []),
    ...(state === "missing" || state === "different" ? [`  → ${formatRecord(record, { zone })}`] : []),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ]
    .map(printable)
    .join("\n");
}

/** What others wrote into DNS must not move the cursor of this terminal. */
const printable = (line: string) =>
  line.replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) => `\\u{${sign.codePointAt(0)!.toString(16)}}`);

function wrongAddress(address: string): OperatorError {
  return new OperatorError("USAGE", `'${address}' is no IPv4 address.`, {
    remedy: "Give the public address of the server, such as --address 1.2.3.4.",
  });
}
