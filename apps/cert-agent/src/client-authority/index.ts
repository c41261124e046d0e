export { createApplicationAuthority, type ApplicationAuthority } from "./application-authority.ts";
export { createClientAuthority, type ClientAuthority } from "./client-authority.ts";
export { readBundle, refusesMore, type ClientBundle } from "./client-bundle.ts";
export type { IssuedClient } from "./issue-certificate.ts";
export type { OpensslDeps } from "./openssl.ts";
export type { ClientRequest } from "./plan-certificate.ts";
