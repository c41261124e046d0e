import type { X509Certificate } from "node:crypto";
import { OperatorError } from "@appliance/errors";
import type { CertificatePlan } from "./make-certificate.ts";
import { randomSerial } from "./serial.ts";
import { checkEmail, checkName, subjectOf } from "./subject.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A client whose clock is a little slow takes the new certificate all the same. */
const CLOCK_TOLERANCE_MS = HOUR_MS;

/**
 * Long, because its end locks everybody out at once and a short life protects nothing: the key lies where a new authority can
 * be made any day, and nobody else trusts it.
 */
const AUTHORITY_DAYS = 20 * 365;

/** The longest organisation in a certificate (RFC 5280, appendix A.1). */
const LONGEST_ORGANISATION = 64;

export interface ClientRequest {
  email: string;
  /** The common name, and what the store of the client shows. */
  name: string;
  /** 1 to 3650. */
  days: number;
  /** Packs it with the older encryption that old systems read. */
  compat: boolean;
}

/**
 * A new authority. Its name is its own, since browsers choose certificates, and servers lists, by that name.
 * @throws OperatorError `CLOCK_WRONG` before `builtAt`, when this version was made: the host has lost the time, and an authority
 *   that is made then may have ended when it has it again
 */
export function planAuthority(domain: string, { now, builtAt }: { now: Date; builtAt: Date }): CertificatePlan {
  if (now < builtAt)
    throw new OperatorError(
      "CLOCK_WRONG",
      `The clock of this host says ${now.toISOString()}, which is before this version was made.`,
      {
        remedy: "Set the clock, or let it be set by NTP. The authority of client certificates is made after that.",
      },
    );
  const serial = randomSerial();
  const organisation = domain.slice(0, LONGEST_ORGANISATION);
  const name = { CN: `Client certificates ${serial.slice(0, 8)}` };
  const subject = subjectOf(organisation === "" ? name : { O: organisation, ...name });
  return { subject, serial, ...validity(now, AUTHORITY_DAYS) };
}

/**
 * A client's certificate. Pure but for its random serial.
 * @throws OperatorError `CLIENT_EMAIL_REFUSED`, `CLIENT_NAME_REFUSED`, or `CLIENT_CA_ENDS` when the authority would end before it
 */
export function planClient(
  { email, name, days }: ClientRequest,
  authority: X509Certificate,
  now: Date,
): CertificatePlan {
  checkEmail(email);
  checkName(name);
  const dates = validity(now, days);
  assertLasts(authority, now, dates.notAfter);
  return { subject: subjectOf({ CN: name, emailAddress: email }), serial: randomSerial(), ...dates };
}

/** @throws OperatorError `CLIENT_CA_ENDS` when the authority is not valid from `now` to `until` */
export function assertLasts(authority: X509Certificate, now: Date, until: Date): void {
  const [begin, end] = [authority.validFromDate, authority.validToDate];
  if (begin <= now && until <= end) return;
  const days = Math.floor((end.getTime() - now.getTime()) / DAY_MS);
  const fewer = days > 0 && begin <= now ? `Ask for at most ${days} days, or begin` : "Begin";
  throw new OperatorError(
    "CLIENT_CA_ENDS",
    `The client certificate authority ${authority.serialNumber} is valid from ${begin.toISOString()} to ${end.toISOString()} only.`,
    { remedy: `${fewer} a new authority with: appliance cert ca rollover. Look at the clock of the host first.` },
  );
}

function validity(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const second = Math.floor(now.getTime() / 1000) * 1000;
  return { notBefore: new Date(second - CLOCK_TOLERANCE_MS), notAfter: new Date(second + days * DAY_MS) };
}
