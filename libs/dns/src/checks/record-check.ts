import { OperatorError } from "@appliance/errors";
import type { DnsRecord } from "../records.ts";

export interface RecordCheck {
  /** What is wanted. */
  record: DnsRecord;
  /** `unanswered`: DNS did not say whether there is one. */
  state: "present" | "missing" | "different" | "unanswered";
  /** What DNS has, as a zone file has it. */
  found: string[];
  /** Why it is not present, a sentence each. */
  faults: string[];
  /** What works and yet should be looked at. */
  warnings: string[];
}

export interface Finding {
  found: string[];
  faults?: string[];
  warnings?: string[];
}

/** Names are equal without regard to case and to the dot at the end. */
export const isSameName = (a: string, b: string): boolean => plainName(a) === plainName(b);

const plainName = (name: string) => name.toLowerCase().replace(/\.$/, "");

/** Makes a check of what `look` finds: nothing is missing, a fault is different. */
export async function checkRecord(record: DnsRecord, look: () => Promise<Finding>): Promise<RecordCheck> {
  try {
    const { found, faults = [], warnings = [] } = await look();
    if (found.length === 0) return { record, state: "missing", found, faults: [], warnings };
    return { record, state: faults.length > 0 ? "different" : "present", found, faults, warnings };
  } catch (error) {
    if (!(error instanceof OperatorError) || error.code !== "DNS_SILENT") throw error;
    return { record, state: "unanswered", found: [], faults: [error.message], warnings: [] };
  }
}
