export { formatRecord, formatRecords, type FormatOptions } from "./format.ts";
export { dnsRecords, reverseName, type DnsRecord, type DnsSettings, type Purpose } from "./records.ts";
