import type { OperatorError } from "@appliance/errors";

/** A place without an env.yml, and why, as the end of the sentence "it was passed over: …". */
export interface PassedOver {
  source: string;
  reason: string;
}

/**
 * What one place holds. Absent, or meant for somebody else, is passed over; there and unusable is an error, since an appliance
 * that then took the next place could come up as another one than its operator meant.
 */
export type Look = { source: string } & ({ text: Uint8Array } | { passedOver: string } | { unusable: OperatorError });
