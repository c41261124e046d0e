export {
  createApplicationAuthority,
  type ApplicationAuthority,
  type ApplicationAuthorityDeps,
  type ApplicationLook,
} from "./application-authority.ts";
export { createClientAuthority, type ClientAuthority } from "./client-authority.ts";
export { readBundle, refusesMore, type ClientBundle } from "./client-bundle.ts";
export type { ClientAuthorityDeps } from "./context.ts";
export { readCrl, type Crl } from "./crl.ts";
export type { IssuedClient } from "./issue-certificate.ts";
export type { OpensslDeps } from "./openssl.ts";
export type { ClientRequest } from "./plan-certificate.ts";
export type { AuthorityStatus, ClientAuthorityStatus } from "./status.ts";
