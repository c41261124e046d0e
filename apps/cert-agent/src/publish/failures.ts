import { OperatorError } from "@appliance/errors";
import type { Miss } from "./prove.ts";

/** Whether nginx or a port was seen not to take a set, so that the one before is back; every other failure says nothing of it. */
export function isRejection(error: unknown): boolean {
  return error instanceof OperatorError && ["TLS_REFUSED", "TLS_NOT_SERVED"].includes(error.code);
}

export function refused(error: string | null): OperatorError {
  return new OperatorError("TLS_REFUSED", `nginx refused the new certificates: ${error ?? "it gave no reason"}`, {
    remedy: "It serves with those before. Look at `appliance cert status`; it is tried again by itself.",
  });
}

/** The set stays: nothing is known against it, and nginx looks at it as soon as it runs. */
export function notTaken(): OperatorError {
  return new OperatorError("TLS_NOT_TAKEN", "nginx did not take up the new certificates; it will when it starts.", {
    remedy: "See whether it runs with `appliance status` and why not with `appliance logs nginx`.",
  });
}

export function notServed({ where, found }: Miss, wantedSerial: string): OperatorError {
  const instead = found ? `that with serial ${found.serialNumber} is served` : "nothing answers as TLS";
  return new OperatorError(
    "TLS_NOT_SERVED",
    `The certificate with serial ${wantedSerial} is not in service: at ${where.address}:${where.port} ${instead}.`,
    { remedy: "See with `appliance status` whether nginx serves that port; it is tried again by itself." },
  );
}

/** It was so before the change too, so the change stays: the one before it would be proven no better. */
export function unreachable({ where }: Miss): OperatorError {
  return new OperatorError(
    "TLS_UNREACHABLE",
    `nginx says that it serves the certificate, which nothing proves: nothing answers at ${where.address}:${where.port}.`,
    { remedy: "Let the host's firewall accept connections from the appliance's own networks to this port." },
  );
}
