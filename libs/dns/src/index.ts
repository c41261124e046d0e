export { createDns, type Dns } from "./ask.ts";
export { checkRecords } from "./check-records.ts";
export type { RecordCheck } from "./checks/record-check.ts";
export { formatRecord, formatRecords, type FormatOptions } from "./format.ts";
export { dnsRecords, type DnsRecord, type DnsSettings, type Purpose } from "./records.ts";
export { evaluateSpf, type SpfVerdict } from "./spf/evaluate.ts";
