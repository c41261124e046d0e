import type { Directory } from "./directory.ts";
import type { Patience } from "./patience.ts";
import type { SignedRequest } from "./signed-requests.ts";

/** What the steps of an order share: requests that the account signs, and what it needs to prove names. */
export interface AccountContext {
  send: <T>(request: Omit<SignedRequest<T>, "kid">) => Promise<T>;
  directory: Directory;
  /** RFC 7638 thumbprint of the account's key. */
  thumbprint: string;
  patience: Patience;
}
