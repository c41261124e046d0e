import { OperatorError } from "@appliance/errors";
import { isSignedBy, readCrlIn, whyRefused } from "./crl.ts";
import { CONFIG, CONFIG_TEXT } from "./openssl-config.ts";
import { opensslTime, withOpenssl, type OpensslDeps } from "./openssl.ts";
import type { CrlPlan } from "./plan-crl.ts";

/**
 * A list as planned, signed, then read back and verified as a server will do it. The key stays where it lies.
 * @throws CommandError when openssl does not make it, OperatorError `CRL_NOT_MADE` when the one it made is not what was planned
 */
export function makeCrl(
  plan: CrlPlan,
  authority: { certificatePem: string; keyFile: string },
  deps: OpensslDeps,
  signal: AbortSignal,
): Promise<string> {
  return withOpenssl(deps, signal, async (place) => {
    await place.write(CONFIG, CONFIG_TEXT);
    await place.write("index.txt", indexOf(plan));
    await place.write("crlnumber", `${evenHex(plan.number)}\n`);
    await place.write("ca.pem", authority.certificatePem);
    const signer = ["-cert", "ca.pem", "-keyfile", authority.keyFile];
    const times = ["-crl_lastupdate", opensslTime(plan.thisUpdate), "-crl_nextupdate", opensslTime(plan.nextUpdate)];
    const out = ["-crlexts", "list", "-out", "crl.pem"];
    await place.openssl(["ca", "-gencrl", "-batch", "-config", CONFIG, ...signer, ...times, ...out]);
    const pem = (await place.read("crl.pem")).toString("ascii");
    const made = await readCrlIn(place, pem);
    const whole = made.number === plan.number && sameEntries(made.revoked, plan.revoked);
    const bundle = { caPem: authority.certificatePem, crlPem: pem };
    if (!whole || !(await isSignedBy(place, pem, bundle.caPem))) throw notMade("it is not the one that was asked for");
    const why = await whyRefused(place, bundle.caPem, bundle, plan.thisUpdate);
    // An authority that has ended still gets its list, and is refused for its own end.
    if (why !== null && !/^certificate (has expired|is not yet valid)/.test(why)) throw notMade(why);
    return pem;
  });
}

const notMade = (why: string) =>
  new OperatorError("CRL_NOT_MADE", `The new revocation list was thrown away: ${why}.`, {
    remedy: "The one before stays in service. Look at the log of cert-agent and at the clock of the host.",
  });

/** The database of openssl-ca(1ssl), of which a list needs only serial and date of what was revoked. */
const indexOf = (plan: CrlPlan) =>
  [...plan.revoked].map(([serial, at]) => `R\t${utcTime(at)}\t${utcTime(at)}\t${serial}\tunknown\t/CN=-\n`).join("");

const utcTime = (instant: Date) => opensslTime(instant).slice(2);

function evenHex(number: bigint): string {
  const hex = number.toString(16).toUpperCase();
  return hex.length % 2 === 0 ? hex : `0${hex}`;
}

const sameEntries = (a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>) =>
  a.size === b.size && [...a.keys()].every((serial) => b.has(serial));
