export { createHostCertificate, type HostCertificate, type HostCertificateDeps } from "./host-certificate.ts";
export type { Asked } from "./plan-renewal.ts";
export type { Put } from "./attempt.ts";
export type { RenewalReport, RenewOptions } from "./renew.ts";
export { CertificateView, HostCertificateStatus } from "./status.ts";
