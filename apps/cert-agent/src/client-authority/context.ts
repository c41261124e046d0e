import type { OperatorError } from "@appliance/errors";
import type { AuthorityStore } from "./authority-store.ts";
import type { ListKeeper } from "./list-keeper.ts";
import type { OpensslDeps } from "./openssl.ts";
import type { Register } from "./register.ts";

export interface ClientAuthorityDeps extends OpensslDeps {
  /** Where everything of it lies: keys, certificates, lists, the register. In the backup. */
  folder: string;
  now: () => Date;
  /** When this version was made: a clock that says less is wrong. */
  builtAt: Date;
  /** Named in an authority that is made, so that people know whose certificate they choose; may be empty. */
  domain: () => string;
}

/** What the operations of the authority work with. */
export interface Context {
  deps: ClientAuthorityDeps;
  store: AuthorityStore;
  lists: ListKeeper;
  register: {
    read(): Promise<Register>;
    write(register: Register): Promise<void>;
  };
}

/** Makes the list of every authority that needs one. A list that cannot be made keeps no other from being made. */
export async function refreshLists(
  { store, lists, register }: Context,
  options: { fresh: boolean },
  signal: AbortSignal,
): Promise<ReadonlyMap<string, OperatorError>> {
  const { certificates } = await register.read();
  const failures = new Map<string, OperatorError>();
  for (const authority of (await store.read()).authorities) {
    const failure = await lists.refresh(authority, certificates, options, signal);
    if (failure) failures.set(authority.serial, failure);
  }
  return failures;
}
