import { X509Certificate } from "node:crypto";
import { OperatorError } from "@appliance/errors";
import type { ClientCertificate } from "@appliance/jobs";
import type { Authority } from "./authority-store.ts";
import type { Context } from "./context.ts";
import { keyLost } from "./list-keeper.ts";
import { makeClientPackage, type CertificatePlan } from "./make-certificate.ts";
import { planClient, type ClientRequest } from "./plan-certificate.ts";
import { transportPassword } from "./transport-password.ts";

export interface IssuedClient {
  certificate: ClientCertificate;
  /** Key, certificate and the authority's certificate, encrypted with the password. */
  pkcs12: Buffer;
  password: string;
}

/** As `ClientAuthority.issue`. */
export async function issueCertificate(
  context: Context,
  request: ClientRequest,
  signal: AbortSignal,
): Promise<IssuedClient> {
  const { deps, store, register } = context;
  const authority = (await store.read()).authorities.at(-1);
  if (!authority) throw authorityMissing();
  const now = deps.now();
  const plan = planClient(request, authority.certificate, now);
  const why = await store.whyUnableToSign(authority);
  if (why !== null) throw keyLost(authority, why);

  const password = transportPassword();
  const options = { friendlyName: labelOf(request), compat: request.compat, password };
  const { certificatePem, pkcs12 } = await makeClientPackage(plan, authority, options, deps, signal);
  assertAsAsked(new X509Certificate(certificatePem), request, plan, authority);

  const certificate = entryOf(request, plan, authority, now);
  const before = await register.read();
  await register.write({ ...before, certificates: [...before.certificates, certificate] });
  return { certificate, pkcs12, password };
}

/** PKCS#12 has 16 bits for a character, so a label goes without those that need more, such as emoji. */
const labelOf = ({ name, email }: ClientRequest) => name.replaceAll(/[\u{10000}-\u{10FFFF}]/gu, "").trim() || email;

const entryOf = ({ email, name }: ClientRequest, plan: CertificatePlan, authority: Authority, now: Date) => ({
  serial: plan.serial,
  email,
  name,
  issuedAt: now.toISOString(),
  validUntil: plan.notAfter.toISOString(),
  revokedAt: null,
  authority: authority.serial,
});

/** Whatever a name did on its way through openssl: only a certificate that says exactly what was asked for leaves. */
function assertAsAsked(
  made: X509Certificate,
  { email, name }: ClientRequest,
  plan: CertificatePlan,
  authority: Authority,
) {
  const subject: Readonly<Record<string, unknown>> = { ...made.toLegacyObject().subject };
  const asAsked =
    Object.keys(subject).length === 2 &&
    subject["CN"] === name &&
    subject["emailAddress"] === email &&
    made.checkEmail(email, { subject: "never" }) === email &&
    !made.subjectAltName?.includes(",") &&
    made.serialNumber === plan.serial &&
    made.checkIssued(authority.certificate) &&
    !made.ca;
  if (!asAsked)
    throw new OperatorError(
      "CLIENT_NAME_REFUSED",
      "openssl wrote another name into the certificate than was asked for.",
      {
        remedy: "Give a plainer name or address. The certificate was thrown away.",
      },
    );
}

const authorityMissing = () =>
  new OperatorError("CLIENT_CA_MISSING", "There is no authority that could issue a client certificate.", {
    remedy: "Begin one with: appliance cert ca rollover",
  });
